"""Telegram Desktop's result.json, as the program writes it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.trainer.corpus.learned import learned
from trainer.errors import CorpusError

GROUP = """{
 "name": "Amigos 🦜",
 "type": "private_supergroup",
 "id": 1445566778,
 "messages": [
  {
   "id": 1,
   "type": "service",
   "date": "2023-05-12T10:00:00",
   "date_unixtime": "1683878400",
   "actor": "Ana",
   "actor_id": "user111",
   "action": "create_group",
   "title": "Amigos 🦜",
   "members": [ "Ana", null ],
   "text": "",
   "text_entities": []
  },
  {
   "id": 2,
   "type": "message",
   "date": "2023-05-12T10:01:00",
   "date_unixtime": "1683878460",
   "from": "Ana",
   "from_id": "user111",
   "text": "¿Qué tal, \\"familia\\"? \\ud83e\\udd9c",
   "text_entities": [ { "type": "plain", "text": "¿Qué tal?" } ]
  },
  {
   "id": 3,
   "type": "message",
   "date": "2023-05-12T10:02:00",
   "date_unixtime": "1683878520",
   "edited": "2023-05-12T10:03:00",
   "edited_unixtime": "1683878580",
   "from": "Luis",
   "from_id": "user222",
   "reply_to_message_id": 2,
   "text": [
    "Mira ",
    { "type": "link", "text": "https://example.com/?token=1" },
    " que dice ",
    { "type": "mention_name", "text": "Marta R.", "user_id": 333 },
    ", ",
    { "type": "bold", "text": "ojo" },
    { "type": "custom_emoji", "text": "🔥", "document_id": "stickers/1.webm" },
    "\\nadiós"
   ],
   "text_entities": []
  },
  {
   "id": 4,
   "type": "message",
   "date": "2023-05-12T10:04:00",
   "date_unixtime": "1683878640",
   "from": null,
   "from_id": "user333",
   "photo": "(File not included. Change data exporting settings to download.)",
   "width": 960,
   "text": "soy un fantasma",
   "text_entities": []
  },
  {
   "id": 5,
   "type": "message",
   "date": "2023-05-12T10:05:00",
   "date_unixtime": "1683878700",
   "from": "Luis",
   "from_id": "user222",
   "forwarded_from": "Canal de Ofertas",
   "text": "¡COMPRA YA!",
   "text_entities": []
  },
  {
   "id": 6,
   "type": "message",
   "date": "2023-05-12T10:06:00",
   "date_unixtime": "1683878760",
   "from": "Luis",
   "from_id": "user222",
   "media_type": "sticker",
   "sticker_emoji": "😂",
   "text": "",
   "text_entities": []
  }
 ]
}"""


def message(n: int, text: Any, **more: Any) -> dict[str, Any]:
    row = {"id": n, "type": "message", "date": "2023-05-12T10:00:00", "date_unixtime": str(1683878400 + n)}
    return row | {"from": "Ana", "from_id": "user111", "text": text} | more


def chat(*messages: dict[str, Any], kind: str = "private_group", name: str | None = "Grupo") -> dict[str, Any]:
    return {"name": name, "type": kind, "id": 1, "messages": list(messages)}


def write(folder: Path, content: Any, **how: Any) -> Path:
    path = folder / "result.json"
    path.write_text(json.dumps(content, **how), "utf-8")
    return path


@pytest.fixture
def group(tmp_path: Path) -> Path:
    path = tmp_path / "result.json"
    path.write_text(GROUP, "utf-8")
    return path


def test_what_people_wrote_is_left(group: Path) -> None:
    assert learned(group) == '¿Qué tal, "familia"? 🦜\nMira [link] que dice [user], ojo🔥\nadiós\nsoy un fantasma\n\n'


def test_speakers_are_written_if_wished_a_gone_account_too(group: Path) -> None:
    lines = learned(group, speakers=True).splitlines()
    assert lines[0].startswith("Ana: ¿Qué")
    assert lines[1].startswith("Luis: Mira")
    assert lines[3] == "Deleted Account: soy un fantasma"


def test_personal_data_stays_if_wished(group: Path) -> None:
    assert "Mira https://example.com/?token=1 que dice Marta R., ojo" in learned(group, mask=False)


def test_forwards_stay_if_wished(group: Path) -> None:
    assert "¡COMPRA YA!" in learned(group, forwards=True)


@pytest.mark.parametrize("author", ["luis", "user222", "LUIS "])
def test_an_author_is_known_by_name_and_by_id(group: Path, author: str) -> None:
    assert learned(group, authors=(author,)).startswith("Mira")
    assert "fantasma" not in learned(group, authors=(author,))


def test_an_author_who_is_not_there_is_told_who_is(group: Path) -> None:
    with pytest.raises(
        CorpusError,
        match=r"expected messages by 'Marta' in result.json, got those of 'Luis' \(2\), 'Ana' \(1\), 'Deleted",
    ):
        learned(group, authors=("Marta",))


@pytest.mark.parametrize(
    "kind", ["personal_chat", "saved_messages", "private_group", "public_supergroup", "public_channel"]
)
def test_every_kind_of_chat_on_one_line_too(tmp_path: Path, kind: str) -> None:
    assert learned(write(tmp_path, chat(message(1, "hola"), kind=kind, name=None))) == "hola\n\n"


def test_a_forward_of_ones_own_words_is_ones_own(tmp_path: Path) -> None:
    assert learned(write(tmp_path, chat(message(1, "nota", forwarded_from="Ana"), kind="saved_messages"))) == "nota\n\n"


def test_an_account_is_read_chat_after_chat_by_time_without_robots_and_login_codes(tmp_path: Path) -> None:
    day = 86400
    account = {
        "about": "Here is the data you requested.",
        "personal_information": {"user_id": 1, "first_name": "Ana", "phone_number": "+34 600 000 000"},
        "contacts": {"about": "", "list": [{"user_id": 2, "first_name": "Luis"}]},
        "frequent_contacts": {"about": "", "list": []},
        "chats": {
            "about": "This page lists all chats.",
            "list": [
                chat(message(2 * day, "después")),
                chat(message(1, "antes"), message(4 * day, "al final"), kind="personal_chat", name="Luis"),
                chat(message(3 * day, "Soy un robot"), kind="bot_chat", name="Robot"),
                chat(message(5, "Login code: 12345", from_id="user777000"), kind="personal_chat", name="Telegram"),
            ],
        },
        "left_chats": {"about": "", "list": [chat(message(3 * day, "me fui"), name="Viejo")]},
    }
    assert learned(write(tmp_path, account, indent=1)) == "antes\n\ndespués\n\nme fui\n\nal final\n\n"


def test_an_account_is_told_though_its_contacts_come_first_and_are_many(tmp_path: Path) -> None:
    contacts = [{"user_id": n, "first_name": "x" * 200} for n in range(30_000)]
    account = {"about": "", "personal_information": {}, "contacts": {"about": "", "list": contacts}}
    path = write(tmp_path, account | {"chats": {"list": [chat(message(1, "hola"))]}}, indent=1)
    assert path.stat().st_size > 6 << 20
    assert learned(path) == "hola\n\n"


def test_topics_and_polls_are_no_words(tmp_path: Path) -> None:
    created = message(1, "Fútbol", type="service", action="topic_created", title="Fútbol")
    poll = message(2, "", poll={"question": "¿Sí?", "closed": False, "total_voters": 1, "answers": []})
    answer = message(3, [{"type": "phone", "text": "600 11"}, " ¡gol!"], reply_to_message_id=1)
    assert learned(write(tmp_path, chat(created, poll, answer))) == "[phone] ¡gol!\n\n"


def test_old_exports_have_no_unix_time(tmp_path: Path) -> None:
    rows = [message(n, text) for n, text in ((1, "uno"), (2, "dos"))]
    for row, date in zip(rows, ("2019-01-02T10:00:00", "2018-01-02T10:00:00"), strict=True):
        del row["date_unixtime"]
        row["date"] = date
    assert learned(write(tmp_path, chat(*rows))) == "dos\n\nuno\n\n"


def test_half_surrogates_and_controls_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text(json.dumps(chat(message(1, "a\ud83db\x00c\u202ed\x1b[31m"))), "ascii")
    assert learned(path) == "abcd[31m\n\n"


@pytest.mark.parametrize("cut", [0.3, 0.5, 0.9, 0.99])
def test_a_truncated_file_says_where_it_ends(group: Path, cut: float) -> None:
    data = GROUP.encode()[: int(len(GROUP.encode()) * cut)].decode("utf-8", "ignore")
    group.write_text(data, "utf-8")
    with pytest.raises(CorpusError, match=rf"result\.json, but it ends at line {data.count(chr(10)) + 1}: export"):
        learned(group)


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_a_broken_line_is_named(group: Path) -> None:
    text = GROUP.replace('"id": 4,', '"id": four,')
    group.write_text(text, "utf-8")
    with pytest.raises(
        CorpusError, match=rf"expected JSON in .*json, got .* at line {line_of(text, 'four')}: export or"
    ):
        learned(group)


def test_a_broken_line_is_named_however_far_the_file_goes_on(tmp_path: Path) -> None:
    path = write(tmp_path, chat(*(message(n, "x" * 3000) for n in range(1000))), indent=1)
    text = path.read_text("utf-8").replace('"id": 993,', '"id" 993,')
    path.write_text(text, "utf-8")
    with pytest.raises(CorpusError, match=f"got Expecting ':' delimiter at line {line_of(text, ' 993,'):,}:"):
        learned(path)


@pytest.mark.parametrize(
    ("messages", "sentence"),
    [
        ("[" * 100_000, "lists within lists without end at line 1"),
        ('[{"text": "' + "x" * 6_000_000 + '"}]', "a value of more than 4 Mi characters at line 1"),
        ("[7]", "no object where message 1 belongs"),
        ("[]", "got none: export the chat again"),
        ('[{"text": ' + "9" * 5000 + "}]", "at line 1"),
        ("[{}, {},]", "at line 1"),
        ('[{"text": ["' + '", {"text": ["' * 50, "ends at line 1"),
    ],
)
def test_what_is_no_chat_is_refused_in_a_sentence(tmp_path: Path, messages: str, sentence: str) -> None:
    path = tmp_path / "result.json"
    path.write_text('{"name": "x", "type": "private_group", "messages": ' + messages + "}", "utf-8")
    with pytest.raises(CorpusError, match=r"result\.json") as refused:
        learned(path)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_folder_with_an_export_is_that_chat_alone(group: Path) -> None:
    (group.parent / "css").mkdir()
    (group.parent / "css" / "style.css").write_text("body {}")
    (group.parent / "files").mkdir()
    (group.parent / "files" / "sent.txt").write_text("a file that somebody sent")
    assert learned(group.parent) == learned(group)


def test_json_of_another_program_is_refused_and_read_as_text_if_wished(tmp_path: Path) -> None:
    path = tmp_path / "package.json"
    path.write_text('{\n "name": "left-pad"\n}\n')
    with pytest.raises(CorpusError, match=r"expected Telegram's result\.json or JSON Lines in .*package\.json"):
        learned(path)
    assert learned(path, plain=True) == '{\n "name": "left-pad"\n}\n'


def test_old_exports_have_bare_numbers_for_ids(tmp_path: Path) -> None:
    codes = chat(message(1, "Login code: 12345", from_id=777000), message(2, "hola", from_id=111), kind="personal_chat")
    assert learned(write(tmp_path, codes)) == "hola\n\n"
    assert learned(tmp_path / "result.json", authors=("111",)) == "hola\n\n"


def test_what_a_bot_wrote_for_somebody_is_not_his_own(tmp_path: Path) -> None:
    rows = chat(message(1, "¡Vota!", via_bot="@vote"), message(2, "hola"))
    assert learned(write(tmp_path, rows)) == "hola\n\n"
    assert learned(tmp_path / "result.json", forwards=True) == "¡Vota!\nhola\n\n"


def test_an_anonymous_admin_and_a_signed_post_are_read_as_the_group_and_the_channel(tmp_path: Path) -> None:
    admin = message(1, "orden", **{"from": "Grupo", "from_id": "channel1445566778"})
    signed = message(2, "noticia", author="Ana L.", **{"from": "Canal", "from_id": "channel99"})
    reply = message(3, "vale", reply_to_message_id=1, reply_to_peer_id="channel99")
    assert learned(write(tmp_path, chat(admin, signed, reply)), speakers=True) == (
        "Grupo: orden\nCanal: noticia\nAna: vale\n\n"
    )
