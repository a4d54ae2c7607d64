"""Telegram Desktop's HTML export, as the program writes it."""

from pathlib import Path

import pytest

from tests.trainer.corpus.learned import learned
from trainer.corpus import ReadingOptions
from trainer.corpus.source import Source
from trainer.corpus.telegram_html import read_telegram_html
from trainer.errors import CorpusError

TOP = """<!DOCTYPE html>
<html>

 <head>

  <meta charset="utf-8"/>
<title>Exported Data</title>
  <meta content="width=device-width, initial-scale=1.0" name="viewport"/>

  <link href="css/style.css" rel="stylesheet"/>

  <script src="js/script.js" type="text/javascript">

  </script>

 </head>

 <body onload="CheckLocation();">

  <div class="page_wrap">

   <div class="page_header">

    <div class="content">

     <div class="text bold">
Amigos 🦜
     </div>

    </div>

   </div>

   <div class="page_body chat_page">

    <div class="history">

"""
END = """
    </div>

   </div>

  </div>

 </body>

</html>
"""
DAY = """     <div class="message service" id="message-1">

      <div class="body details">
12 May 2023
      </div>

     </div>
"""


def said(n: int, author: str | None, text: str, time: str = "10:01:00", extra: str = "") -> str:
    joined = "" if author else " joined"
    name = f'<div class="from_name">\n{author} \n       </div>' if author else ""
    return f"""
     <div class="message default clearfix{joined}" id="message{n}">

      <div class="pull_left userpic_wrap">

       <div class="userpic userpic1" style="width: 42px; height: 42px">

        <div class="initials" style="line-height: 42px">
A
        </div>

       </div>

      </div>

      <div class="body">

       <div class="pull_right date details" title="12.05.2023 {time} UTC+02:00">
10:01
       </div>

       {name}
{extra}
       <div class="text">
{text}
       </div>

       <span class="reactions">

        <span class="reaction">

         <span class="emoji">
👍
         </span>

         <span class="count">
3
         </span>

        </span>

       </span>

      </div>

     </div>
"""


REPLY = """       <div class="reply_to details">
In reply to <a href="#go_to_message2" onclick="return GoToMessage(2)">this message</a>
       </div>
"""
PHOTO = """       <div class="media_wrap clearfix">

        <div class="media clearfix pull_left media_photo">

         <div class="fill pull_left">

         </div>

         <div class="body">

          <div class="title bold">
Photo
          </div>

          <div class="status details">
Not included, change data exporting settings to download.
          </div>

         </div>

        </div>

       </div>
"""
FORWARD = """
     <div class="message default clearfix" id="message9">
      <div class="body">
       <div class="pull_right date details" title="12.05.2023 10:09:00 UTC+02:00">
10:09
       </div>
       <div class="from_name">
Luis
       </div>
       <div class="forwarded body">
        <div class="from_name">
Ofertas <span class="date details" title="01.01.2020 10:00:00 UTC+02:00"> 01.01.2020 10:00:00</span>
        </div>
        <div class="text">
¡COMPRA YA!
        </div>
       </div>
      </div>
     </div>
"""


@pytest.fixture
def export(tmp_path: Path) -> Path:
    first = said(2, "Ana", "¿Qué tal &lt;familia&gt;?<br>Muy <strong>bien</strong> &amp; <em>tú</em>")
    second = said(3, None, 'mira <a href="https://example.com/x">https://example.com/x</a>', "10:02:00")
    third = said(4, "Luis", "con foto", "10:03:00", REPLY + PHOTO)
    older = '<a class="pagination block_link" href="messages2.html">\nNext messages\n</a>'
    pages = {
        "messages.html": DAY + first + second + third + older,
        "messages2.html": said(5, None, "sigo siendo Luis", "10:04:00") + FORWARD,
        "messages10.html": said(6, "Deleted Account", "fin", "10:10:00"),
    }
    for name, body in pages.items():
        (tmp_path / name).write_text(TOP + body + END, "utf-8")
    (tmp_path / "css").mkdir()
    (tmp_path / "css" / "style.css").write_text("body {}")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "photo_1.jpg").write_bytes(b"\xff\xd8\0")
    return tmp_path


def test_the_pages_of_a_folder_are_one_chat_in_the_order_of_their_numbers(export: Path) -> None:
    assert learned(export, speakers=True) == (
        "Ana: ¿Qué tal <familia>?\nMuy bien & tú\nAna: mira [link]\nLuis: con foto\n"
        "Luis: sigo siendo Luis\nDeleted Account: fin\n\n"
    )


def test_the_first_page_stands_for_all(export: Path) -> None:
    assert learned(export / "messages.html") == learned(export)
    assert learned(export / "messages10.html") == "fin\n\n"


def test_a_joined_message_has_the_author_of_the_one_before_even_on_the_next_page(export: Path) -> None:
    assert learned(export, authors=("Luis",)) == "con foto\nsigo siendo Luis\n\n"


def test_forwards_stay_if_wished(export: Path) -> None:
    assert "Luis: ¡COMPRA YA!\n" in learned(export, speakers=True, forwards=True)


def test_chats_of_a_whole_account_without_its_lists(export: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    account = tmp_path_factory.mktemp("account")
    (account / "export_results.html").write_text("<html><body>Exported Data</body></html>")
    (account / "lists").mkdir()
    (account / "lists" / "chats.html").write_text("<html><body>Chats</body></html>")
    for n in (1, 2):
        (account / "chats" / f"chat_{n:03}").mkdir(parents=True)
        (account / "chats" / f"chat_{n:03}" / "messages.html").write_text(
            TOP.replace("Amigos", f"Chat {n}") + said(1, "Ana", f"texto {n}", f"1{3 - n}:00:00") + END, "utf-8"
        )
    assert learned(account) == "texto 2\n\ntexto 1\n\n"


@pytest.mark.parametrize("share", [0.4, 0.7, 0.95])
def test_a_truncated_page_is_refused(export: Path, share: float) -> None:
    page = export / "messages.html"
    text = page.read_text("utf-8")
    page.write_text(text[: int(len(text) * share)], "utf-8")
    with pytest.raises(CorpusError, match=r"messages\.html, got the end of the file within a message at line \d+"):
        learned(page)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("<div>" * 200, "boxes within boxes without end"),
        ("<a href='" + "x" * 600_000, "a tag without end"),
        ("</span>", "</span> where nothing of the kind is open"),
        (said(1, "Ana", "x" * 2_000_000), "a message without end"),
        ("<![if gte mso 9]>" + "<![CDATA[" + "x" * 300_000, "a tag without end"),
        (DAY, "got none: export the chat again"),
    ],
)
def test_a_malicious_page_is_refused_in_a_sentence(tmp_path: Path, body: str, sentence: str) -> None:
    (tmp_path / "messages.html").write_text(TOP + body + END, "utf-8")
    with pytest.raises(CorpusError, match=r"messages\.html") as refused:
        learned(tmp_path)
    assert sentence in str(refused.value)


def test_a_declaration_that_is_none_is_no_crash(tmp_path: Path) -> None:
    (tmp_path / "messages.html").write_text(TOP + "<![foo[x]]>" + END, "utf-8")
    with pytest.raises(CorpusError, match=r"messages\.html"):
        learned(tmp_path)


def test_the_time_zone_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "messages.html"
    path.write_text(TOP + said(1, "Ana", "hola") + END, "utf-8")
    (message,) = read_telegram_html([Source.of_file(path)], ReadingOptions())
    assert message.when == 1683878460  # 10:01 at UTC+02:00


@pytest.mark.parametrize("characters", [20, 200, len(TOP) // 2])
def test_a_page_cut_before_it_can_be_told_is_no_text(tmp_path: Path, characters: int) -> None:
    (tmp_path / "messages.html").write_text((TOP + said(1, "Ana", "hola") + END)[:characters])
    for path in (tmp_path / "messages.html", tmp_path):
        with pytest.raises(CorpusError, match=r"messages\.html, got another or a damaged one: export the chat again"):
            learned(path)


def test_pictures_of_emoji_spoilers_and_lines_within_quotes_are_words(tmp_path: Path) -> None:
    text = (
        '<blockquote>cita<br>de <strong>dos<br/></strong></blockquote>y <img class="emoji" alt="🦜" src="e.png"> '
        '<span class="spoiler hidden" onclick="ShowSpoiler(this)"><span aria-hidden="true">secreto</span></span>'
    )
    (tmp_path / "messages.html").write_text(TOP + said(1, "Ana", text) + END)
    assert learned(tmp_path, speakers=True) == "Ana: cita\nde dos\ny 🦜 secreto\n\n"


@pytest.mark.parametrize("name", ["Ana via @gif", "Ana <span class='details'> via @gif</span>"])
def test_what_a_bot_wrote_is_as_good_as_forwarded(tmp_path: Path, name: str) -> None:
    body = said(1, name, "anuncio") + said(2, None, "otro") + said(3, "Ana", "mío")
    (tmp_path / "messages.html").write_text(TOP + body + END)
    assert learned(tmp_path, speakers=True) == "Ana: mío\n\n"
    assert learned(tmp_path, authors=("Ana",), forwards=True) == "anuncio\notro\nmío\n\n"


def test_somebody_mentioned_by_name_is_masked(tmp_path: Path) -> None:
    text = 'hola <a href="" onclick="return ShowMentionName()">Pepe <b>Gómez</b></a>, ven'
    (tmp_path / "messages.html").write_text(TOP + said(1, "Ana", text) + END)
    assert learned(tmp_path) == "hola [user], ven\n\n"
    assert learned(tmp_path, mask=False) == "hola Pepe Gómez, ven\n\n"
