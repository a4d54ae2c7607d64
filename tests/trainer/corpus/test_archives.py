""".gz and .zip: what they hold, and what they must not do."""

import gzip
import io
import json
import os
import zipfile
from pathlib import Path

import pytest

from tests.trainer.corpus.learned import learned
from tests.trainer.corpus.test_telegram_json import GROUP
from tests.trainer.corpus.test_whatsapp import ANDROID_SPAIN, IPHONE_GERMANY
from trainer.corpus.archive import zipped as read_zip
from trainer.errors import CorpusError


def zipped(path: Path, members: dict[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def gzipped(path: Path, data: bytes | str) -> Path:
    path.write_bytes(gzip.compress(data.encode() if isinstance(data, str) else data))
    return path


def test_a_gz_is_what_it_holds(tmp_path: Path) -> None:
    assert learned(gzipped(tmp_path / "book.txt.gz", "un libro")) == "un libro"
    assert learned(gzipped(tmp_path / "result.json.gz", GROUP)).startswith("¿Qué tal")
    assert learned(gzipped(tmp_path / "t.csv.gz", "id,text\n1,hola\n")) == "hola\n"


def test_a_gz_is_told_without_its_name(tmp_path: Path) -> None:
    assert learned(gzipped(tmp_path / "book", "un libro")) == "un libro"


def test_the_texts_of_a_zip_in_order_without_pictures_and_hidden_files(tmp_path: Path) -> None:
    members: dict[str, bytes | str] = {
        "b/two.txt": "two",
        "a.txt": "one",
        "__MACOSX/._a.txt": "no",
        ".DS_Store": "no",
        "c.png": b"\x89PNG\0",
        "inner.zip": b"PK\x03\x04 and more",
        "folder/": b"",
    }
    assert learned(zipped(tmp_path / "x.zip", members)) == "one\ntwo\n"


def test_a_whatsapp_export_as_it_comes_from_a_phone(tmp_path: Path) -> None:
    members: dict[str, bytes | str] = {"_chat.txt": IPHONE_GERMANY, "00000003-PHOTO-2024.jpg": b"\xff\xd8\xff\0"}
    assert "Frohes Neues!\nund Gesundheit\n" in learned(zipped(tmp_path / "WhatsApp Chat.zip", members))


def test_a_telegram_export_in_a_zip(tmp_path: Path) -> None:
    members: dict[str, bytes | str] = {"Export/result.json": GROUP, "Export/files/a.txt": "somebody's file"}
    assert learned(zipped(tmp_path / "x.zip", members)) == learned(gzipped(tmp_path / "r.gz", GROUP))


def test_archives_in_a_folder_are_read_but_no_other_programs_documents(tmp_path: Path) -> None:
    gzipped(tmp_path / "a.txt.gz", "one")
    zipped(tmp_path / "b.zip", {"x.txt": "two"})
    zipped(tmp_path / "c.docx", {"[Content_Types].xml": "<xml/>"})
    assert learned(tmp_path) == "one\ntwo\n\n"


def test_names_that_climb_out_write_nothing_anywhere(tmp_path: Path) -> None:
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    path = zipped(inside / "x.zip", {"../../evil.txt": "climbed", "/etc/evil.txt": "rooted", "..\\evil2.txt": "back"})
    before = sorted(tmp_path.rglob("*"))
    assert learned(path) == "climbed\nback\nrooted\n"
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("kind", ["gz", "zip"])
def test_a_bomb_is_refused_before_it_goes_off(tmp_path: Path, kind: str) -> None:
    data = b"x" * (80 << 20)
    path = tmp_path / f"bomb.{kind}"
    if kind == "gz":
        path.write_bytes(gzip.compress(data, 9))
    else:
        zipped(path, {"a.txt": data})
    with pytest.raises(CorpusError, match=r"expected at most 64 MiB unpacked from .*bomb\..*unpack it yourself"):
        learned(path)


def test_a_bomb_of_many_small_charges_is_counted_together(tmp_path: Path) -> None:
    path = zipped(tmp_path / "bomb.zip", {f"{n}.txt": b"x" * (20 << 20) for n in range(4)})
    with pytest.raises(CorpusError, match="expected at most 64 MiB unpacked"):
        learned(path)


def test_a_name_of_thousands_of_folders_is_refused_since_looking_at_it_takes_for_ever(tmp_path: Path) -> None:
    path = zipped(tmp_path / "deep.zip", {"d/" * 3_000 + "a.txt": "text"})
    with pytest.raises(CorpusError, match=r"expected names of at most 4,096 characters in .*deep\.zip, got more"):
        learned(path)


def test_what_is_read_a_second_time_is_counted_once(tmp_path: Path) -> None:
    path = zipped(tmp_path / "large.zip", {f"{n}.txt": b"x" * (20 << 20) for n in range(3)})
    with read_zip(path, "large.zip", None) as sources:
        for source in [*sources, *sources]:
            with source.open() as stream:
                while stream.read(1 << 20):
                    pass


@pytest.mark.parametrize("inner", ["gz", "zip"])
def test_an_archive_within_an_archive_is_refused(tmp_path: Path, inner: str) -> None:
    data = gzip.compress(b"x" * 50) if inner == "gz" else zipped(tmp_path / "i.zip", {"a.txt": "x"}).read_bytes()
    with pytest.raises(CorpusError, match="expected no archive within an archive, got one in"):
        learned(gzipped(tmp_path / "o.gz", data))
    with pytest.raises(CorpusError, match=r"found none: .*archives within archives"):
        learned(zipped(tmp_path / "o.zip", {f"i.{inner}": data}))


def test_a_truncated_gz_says_how_far_it_came(tmp_path: Path) -> None:
    path = gzipped(tmp_path / "a.txt.gz", os.urandom(3_000_000).hex())
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(CorpusError, match=r"a\.txt\.gz is damaged [1-9][\d,]+ bytes into a\.txt .*copy it again"):
        learned(path)


def test_a_damaged_zip_names_the_member(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {"a.txt": "hola " * 100}, zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"hola hola", b"hola HOLA", 1))
    with pytest.raises(CorpusError, match=r"x\.zip is damaged \d+ bytes into a\.txt \(Bad CRC-32"):
        learned(path)


def test_half_a_zip_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {"a.txt": "hola " * 100})
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(CorpusError, match=r"expected a \.zip, but .*x\.zip is damaged"):
        learned(path)


def test_a_locked_zip_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {"a.txt": "hola"}, zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + place] |= 1
    path.write_bytes(data)
    with pytest.raises(CorpusError, match=r"expected files without a password in .*x\.zip, got a\.txt"):
        learned(path)


def test_a_word_document_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "novel.docx", {"[Content_Types].xml": "<xml/>", "word/document.xml": "<xml/>"})
    with pytest.raises(CorpusError, match="got another program's document: save it as text"):
        learned(path)


def test_names_cannot_write_on_the_terminal(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {"\x1b[31m\n.txt": b"abc\xff" * 10})
    with pytest.raises(CorpusError) as refused:
        learned(path)
    assert str(refused.value).isprintable()


def test_a_member_is_opened_anew_for_each_reading(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("Chat de WhatsApp con Ana.txt", ANDROID_SPAIN)
        archive.writestr("rows.jsonl", json.dumps({"text": "fila"}))
    (tmp_path / "x.zip").write_bytes(buffer.getvalue())
    assert learned(tmp_path / "x.zip").startswith("fila\n¡Feliz año!")
