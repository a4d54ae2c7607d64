"""Readers stream: what they hold does not grow with the file."""

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from trainer.corpus import open_corpus

SIZE = 30 << 20
MOST = 44 << 20  # bytes, of which 32 Mi are the filters for duplicates, as large for a corpus of any size


def result_json(path: Path) -> None:
    """Every message alike but for its number, as JSON in Telegram's own layout."""
    row = {
        "id": 12345, "type": "message", "date": "2023-05-12T10:00:00", "date_unixtime": "1683878400",
        "from": "Ana", "from_id": "user111",
        "text": ["hola ", {"type": "bold", "text": "tú"}, " 12345 " + "x" * 900],
        "text_entities": [{"type": "plain", "text": "y" * 900}],
    }  # fmt: skip
    text = json.dumps(row, indent=1, ensure_ascii=False)
    count = SIZE // len(text)
    with path.open("w", encoding="utf-8") as file:
        file.write('{\n "name": "Grupo",\n "type": "private_group",\n "id": 1,\n "messages": [\n')
        file.writelines(text.replace("12345", str(10_000 + n)) + ",\n" for n in range(count))
        file.write(text + "\n ]\n}")


def whatsapp(path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(
            f"{n // 1440 % 28 + 1:02}/05/23, {n // 60 % 24:02}:{n % 60:02} - Ana: mensaje {n} {'x' * 900}\n"
            for n in range(SIZE // 950)
        )


def csv(path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write("id,text\n")
        file.writelines(f"{n},fila {n} {'x' * 900}\n" for n in range(SIZE // 950))


@pytest.mark.parametrize(("name", "write"), [("result.json", result_json), ("chat.txt", whatsapp), ("rows.csv", csv)])
def test_thirty_megabytes_take_no_more_than_a_few(tmp_path: Path, name: str, write: Callable[[Path], None]) -> None:
    path = tmp_path / name
    write(path)
    assert path.stat().st_size > SIZE * 0.9
    tracemalloc.start()
    try:
        characters = sum(len(piece) for piece in open_corpus([str(path)]).pieces)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert characters > 10 << 20
    assert peak < MOST, f"{peak >> 20} MiB"
