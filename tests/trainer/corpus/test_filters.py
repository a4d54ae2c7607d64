"""What every chat goes through: duplicates, order of time, bounds; several sources together."""

import json
import random
from pathlib import Path

import pytest

from tests.trainer.corpus.learned import learned
from tests.trainer.corpus.test_telegram_json import chat, message
from trainer.corpus.filters import Seen
from trainer.errors import CorpusError

LONG = "Vendo bicicleta casi nueva, precio a convenir, recogida en mano. "


def write(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content), "utf-8")
    return path


def test_the_same_long_words_are_learned_once_and_short_ones_as_often_as_they_are_said(tmp_path: Path) -> None:
    words = [LONG, "jajaja", LONG, "jajaja", LONG + "!"]
    path = write(tmp_path / "a.json", chat(*(message(n, text) for n, text in enumerate(words))))
    assert learned(path) == f"{LONG.strip()}\njajaja\njajaja\n{LONG.strip()} !\n\n".replace(" !", " !")


def test_two_exports_of_the_same_chat_count_once(tmp_path: Path) -> None:
    rows = [message(n, f"n{n}") for n in range(6)]
    first, second = write(tmp_path / "a.json", chat(*rows[:4])), write(tmp_path / "b.json", chat(*rows[2:]))
    assert learned(first, second) == "n0\nn1\nn2\nn3\nn4\nn5\n\n"


def test_several_chats_lie_in_order_of_time_so_that_the_end_is_the_future(tmp_path: Path) -> None:
    day = 86400
    one = write(tmp_path / "a.json", chat(*(message(n * day, f"a{n}") for n in (0, 2, 4)), name="A"))
    two = tmp_path / "b.txt"
    two.write_text(
        "13/05/23, 12:00 - Ana: b1\n13/05/23, 12:01 - Luis: b1 también\n15/05/23, 12:00 - Ana: b3\n", "utf-8"
    )
    assert learned(one, two) == learned(two, one) == "a0\n\nb1\nb1 también\n\na2\n\nb3\n\na4\n\n"


def test_conversations_of_more_than_a_piece_keep_every_character(tmp_path: Path) -> None:
    rng = random.Random(1)
    words = ["".join(rng.choice("añ🦜語") for _ in range(900)) for _ in range(1500)]
    times = [n * 40_000 for n in range(1500)]
    rng.shuffle(times)
    path = write(tmp_path / "a.json", chat(*(message(t, word) for t, word in zip(times, words, strict=True))))
    expected = [word for _, word in sorted(zip(times, words, strict=True))]
    assert learned(path).split() == expected


@pytest.mark.parametrize("shift", range(4))
def test_a_conversation_longer_than_a_piece_keeps_every_character(tmp_path: Path, shift: int) -> None:
    words = ["x" * shift, *(f"{n:04}" + "🦜" * 996 for n in range(600))]
    path = write(tmp_path / "a.json", chat(*(message(n, word) for n, word in enumerate(words))))
    assert learned(path).split() == [word for word in words if word]


def test_texts_come_before_chats_in_the_order_named(tmp_path: Path) -> None:
    (tmp_path / "book.txt").write_text("un libro\n")
    path = write(tmp_path / "a.json", chat(message(1, "hola")))
    assert learned(path, tmp_path / "book.txt") == "un libro\nhola\n\n"


def test_authors_cannot_be_chosen_from_a_book(tmp_path: Path) -> None:
    (tmp_path / "book.txt").write_text("un libro\n")
    with pytest.raises(CorpusError, match=r"expected a chat to choose authors from, got plain text in .*book\.txt"):
        learned(tmp_path / "book.txt", authors=("Ana",))


def test_a_chat_of_forwards_alone_says_what_keeps_them(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", chat(message(1, "¡compra!", forwarded_from="Ofertas")))
    with pytest.raises(CorpusError, match=r"in a\.json, got 1 empty or forwarded ones: .*--keep-forwards"):
        learned(path)


def test_what_was_seen_is_remembered_and_little_else() -> None:
    seen = Seen()
    assert not any(seen.again(str(n)) for n in range(20_000))
    assert all(seen.again(str(n)) for n in range(20_000))
