"""CSV, TSV, JSON Lines and the project's own prompt log."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.trainer.corpus.learned import learned
from trainer.errors import CorpusError


def write(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_text(text, encoding, newline="")
    return path


def lines(folder: Path, *rows: Any, name: str = "rows.jsonl") -> Path:
    return write(folder, name, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


@pytest.mark.parametrize("column", ["text", "message", "content", "Text", "Message "])
@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
def test_the_usual_columns_are_found_whatever_separates_them(tmp_path: Path, column: str, delimiter: str) -> None:
    rows = [["id", "a,b|c;d", column], ["1", "x", "hola"], ["2", "", ""], ["3", "y", "señor"]]
    text = "\r\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)
    assert learned(write(tmp_path, "a.csv", text, "utf-8-sig")) == "hola\nseñor\n"


def test_what_stands_in_quotation_marks_separates_nothing(tmp_path: Path) -> None:
    assert learned(write(tmp_path, "a.csv", 'id;"a,b,c,d";text\n1;x;hola, tú\n')) == "hola, tú\n"


def test_the_separator_may_be_told_as_excel_does(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "sep=;\r\nid;author;text\r\n1;Ana;hola, ¿qué tal?\r\n", "utf-8-sig")
    assert learned(path, speakers=True) == "Ana: hola, ¿qué tal?\n"


def test_tsv_with_commas(tmp_path: Path) -> None:
    assert learned(write(tmp_path, "a.tsv", "a,b,c,d\ttext\nx\tsí, claro\n")) == "sí, claro\n"


def test_a_field_may_hold_lines_and_quotes(tmp_path: Path) -> None:
    assert learned(write(tmp_path, "a.csv", 'text,n\r\n"uno\r\ndos ""tres""",1\r\n')) == 'uno\ndos "tres"\n'


def test_another_column_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "text,título\nx,y\n")
    assert learned(path, column="título") == "y\n"


def test_a_table_without_a_known_column_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"a column text, message or content in .*a\.csv, got 'id', 'body': name one"):
        learned(write(tmp_path, "a.csv", "id,body\n1,x\n"))
    with pytest.raises(CorpusError, match=r"a column 'boddy' in .*a\.csv, got 'id', 'body': name one with --column"):
        learned(tmp_path / "a.csv", column="boddy")


def test_a_table_has_speakers_and_authors_if_it_has_such_a_column(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "Author,text\nAna,hola\nLuis,adiós\n")
    assert learned(path, speakers=True) == "Ana: hola\nLuis: adiós\n"
    assert learned(path, authors=("ana",)) == "hola\n"


def test_a_table_without_authors_has_no_speakers(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "n,text\n1,hola\n")
    assert learned(path, speakers=True) == "hola\n"
    with pytest.raises(CorpusError, match=r"got those of '\(no author told\)' \(1\)"):
        learned(path, authors=("Ana",))


def test_rows_are_masked(tmp_path: Path) -> None:
    assert learned(write(tmp_path, "a.csv", "text\nescríbeme a ana@example.com\n")) == "escríbeme a [email]\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("text,n\nx,1,2\n", r"expected 2 fields in .*a\.csv, got 3 at line 2: mend"),
        ("text,n\nx,1\ny\n", r"expected 2 fields in .*a\.csv, got 1 at line 3: mend"),
        ('text,n\n"x,1\n', r"one broken at line 2 \(unexpected end of data\)"),
        ("", "got none: name one with --column"),
        ("text,n\nx,\x001\n", "got NUL bytes"),
        ("text\n" + "x" * (18 << 20), r"expected lines under 16 Mi characters in .*a\.csv, got a longer one at line 2"),
        ('text\n"' + "x\n" * (9 << 20), r"one broken at line .* \(field larger than field limit"),
    ],
)
def test_a_broken_table_says_where(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(CorpusError, match=sentence):
        learned(write(tmp_path, "a.csv", text))


def test_json_lines_by_column(tmp_path: Path) -> None:
    path = lines(tmp_path, {"n": 1, "content": "uno\ndos"}, {"n": 2}, {"content": None}, {"content": 7})
    assert learned(path) == "uno\ndos\n7\n"
    assert learned(path, column="n") == "1\n2\n"


def test_json_lines_are_told_without_their_name(tmp_path: Path) -> None:
    assert learned(lines(tmp_path, {"text": "uno"}, {"text": "dos"}, name="rows.txt")) == "uno\ndos\n"


def test_a_json_list_of_rows(tmp_path: Path) -> None:
    path = write(tmp_path, "rows.json", json.dumps([{"text": "uno"}, {"text": "dos"}], indent=2))
    assert learned(path) == "uno\ndos\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"text": "x"}\n{"text": "y\n', r"got Unterminated string .*at line 2: mend"),
        ('{"text": "x"}\n["y"]\n', r"named columns in .*rows\.jsonl, got something else at line 2"),
        ('{"text": "x"}\n' + "[" * 200_000, "got what cannot be read at line 2"),
        ('{"a": 1, "b": 2}\n', "a column text, message or content .*got 'a', 'b'"),
        ('{"text": ' + "9" * 5000 + "}\n", "got what cannot be read at line 1"),
    ],
)
def test_broken_json_lines_say_where(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(CorpusError, match=sentence):
        learned(write(tmp_path, "rows.jsonl", text))


def prompt(n: int, seed: str, **more: Any) -> dict[str, Any]:
    row = {
        "id": n, "bot_id": 1, "update_id": n, "chat_id": -100, "user_id": 5, "message_id": n, "kind": "seed",
        "asked_at": f"2026-01-31T18:00:{n:02}+00:00", "seed_text": seed, "temperature": 0.5, "top_p": 1.0,
        "length": 200, "rng_seed": 1, "fingerprint": "abc/litert-int8", "outcome": "answered",
        "reply_text": f"{seed} y lo que sigue", "reply_message_id": n + 1, "latency_ms": 9,
        "characters_per_second": 9000.0,
    }  # fmt: skip
    return row | more


@pytest.mark.parametrize("text", ['["parrots", "talk"]', "[" * 5_000 + "]" * 5_000, "[[1, 2], [3, 4]]"])
def test_json_that_is_no_list_of_rows_is_not_taken_for_words(tmp_path: Path, text: str) -> None:
    (tmp_path / "other.json").write_text(text, "utf-8")
    with pytest.raises(CorpusError, match=r"got other JSON: .* or --plain to read it as text"):
        learned(tmp_path / "other.json")
    assert learned(tmp_path / "other.json", plain=True) == text


def test_from_the_prompt_log_only_what_people_wrote_is_learned(tmp_path: Path) -> None:
    path = lines(
        tmp_path, prompt(1, "Domingo"), prompt(2, "Redes", chat_id=-7), prompt(3, "Redes", kind="again"), name="e.jsonl"
    )
    assert learned(path) == "Domingo\nRedes\n\n"


def test_its_replies_are_learned_only_if_named(tmp_path: Path) -> None:
    assert learned(lines(tmp_path, prompt(1, "Domingo")), column="reply_text") == "Domingo y lo que sigue\n"


@pytest.mark.parametrize("refused", [False, None, "no", "Refused", 0, "withdrawn"])
def test_a_prompt_without_consent_is_passed_over(tmp_path: Path, refused: Any) -> None:
    rows = [prompt(1, "mi secreto", consent=refused), prompt(2, "para todos", consent="version 3")]
    assert learned(lines(tmp_path, *rows)) == "para todos\n\n"


def test_a_prompt_log_that_nobody_allowed_is_called_that(tmp_path: Path) -> None:
    path = lines(tmp_path, prompt(1, "mi secreto", consent="none"), prompt(2, "otro", consent="none"), name="e.jsonl")
    sentence = "expected prompts that people allowed in e.jsonl, got 2 that nobody allowed and no other"
    for options in ({}, {"column": "reply_text"}, {"authors": ("Ana",)}):
        with pytest.raises(CorpusError, match=sentence) as refused:
            learned(path, **options)
        assert "secreto" not in str(refused.value)
    book = write(tmp_path, "book.txt", "Domingo en la plaza")
    assert learned(book, path) == "Domingo en la plaza"


def test_the_log_as_csv_is_the_same(tmp_path: Path) -> None:
    row = prompt(1, "Domingo")
    text = ",".join(row) + "\n" + ",".join(str(value) for value in row.values()) + "\n"
    assert learned(write(tmp_path, "export.csv", text)) == "Domingo\n\n"


@pytest.mark.parametrize(
    ("exported", "learnt"), [("'+1", "+1"), ("'  =1+1", "=1+1"), ("'\n=1+1", "=1+1"), ("'tis", "'tis")]
)
def test_what_the_export_puts_before_formulas_is_not_learned(tmp_path: Path, exported: str, learnt: str) -> None:
    row = prompt(1, "") | {"seed_text": f'"{exported}"'}
    text = ",".join(row) + "\n" + ",".join(str(value) for value in row.values()) + "\n"
    assert learned(write(tmp_path, "export.csv", text)).strip() == learnt
