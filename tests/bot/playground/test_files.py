"""Photos, documents, captions, downloads."""

import struct
import zlib

import httpx
import pytest
from telegram import Bot
from telegram.error import BadRequest

from bot.playground import Playground, PlaygroundError
from bot.playground.files import picture


def png(width: int = 3, height: int = 2) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = (b"\0" + bytes((40, 150, 90)) * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


async def test_a_sent_document_downloads_byte_for_byte(bot: Bot, you: int) -> None:
    content = bytes(range(256)) * 40
    sent = await bot.send_document(you, content, filename="ñandú.bin", caption="see")
    assert sent.document is not None
    assert sent.document.file_size == len(content)
    file = await sent.document.get_file()
    assert bytes(await file.download_as_bytearray()) == content


async def test_a_photo_knows_its_size_and_can_be_sent_again_by_id(bot: Bot, you: int) -> None:
    sent = await bot.send_photo(you, png(30, 20))
    assert (sent.photo[-1].width, sent.photo[-1].height) == (30, 20)
    again = await bot.send_photo(you, sent.photo[-1].file_id, caption="again")
    assert again.photo == sent.photo


async def test_what_is_no_picture_is_no_photo(bot: Bot, you: int) -> None:
    with pytest.raises(BadRequest, match="Image_process_failed"):
        await bot.send_photo(you, b"not a picture")
    with pytest.raises(BadRequest, match="Wrong file identifier"):
        await bot.send_photo(you, "https://example.org/x.png")


async def test_a_caption_has_at_most_1024_units(bot: Bot, you: int) -> None:
    assert await bot.send_photo(you, png(), caption="🦜" * 512)
    with pytest.raises(BadRequest, match="Message caption is too long"):
        await bot.send_photo(you, png(), caption="🦜" * 512 + "x")


async def test_a_caption_is_edited_as_a_caption(bot: Bot, you: int) -> None:
    sent = await bot.send_photo(you, png(), caption="one")
    with pytest.raises(BadRequest, match="no text in the message to edit"):
        await bot.edit_message_text("x", you, sent.message_id)
    with pytest.raises(BadRequest, match="Message is not modified"):
        await bot.edit_message_caption(you, sent.message_id, caption="one")
    edited = await bot.edit_message_caption(you, sent.message_id, caption="two")
    assert not isinstance(edited, bool)
    assert edited.caption == "two"


async def test_people_send_files_with_captions_too(playground: Playground, bot: Bot, you: int) -> None:
    await playground.send_photo(you, you, png(), "/seed this")
    await playground.send_document(you, you, b"hello", "notes.txt", "read")
    first, second = (update.message for update in await bot.get_updates())
    assert first is not None
    assert first.caption == "/seed this"
    assert first.caption_entities[0].type == "bot_command"
    assert second is not None
    assert second.document is not None
    assert second.document.file_name == "notes.txt"
    with pytest.raises(PlaygroundError):
        await playground.send_photo(you, you, b"nothing")


async def test_unknown_files_are_not_found(playground: Playground, bot: Bot, web: httpx.AsyncClient, you: int) -> None:
    await bot.send_document(you, b"known")
    with pytest.raises(BadRequest, match="Wrong file_id"):
        await bot.get_file("nothing")
    assert (await web.get(f"/file/bot{playground.token}/photos/none.jpg")).status_code == 404
    assert (await web.get("/file/bot1:x/photos/none.jpg")).status_code == 401


async def test_a_document_is_never_shown_as_a_page(playground: Playground, you: int, web: httpx.AsyncClient) -> None:
    sent = await playground.send_document(you, you, b"<script>alert(1)</script>", "x.html")
    assert sent.document is not None
    answer = await web.get(f"/media/{sent.document.file_id}")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_pictures_are_recognised_by_their_content() -> None:
    jpeg = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x0b\x08\x00\x10\x00\x20\x03" + bytes(9)
    assert picture(jpeg) == ("jpg", (32, 16))
    assert picture(b"GIF89a\x05\x00\x07\x00") == ("gif", (5, 7))
    assert picture(b"\xff\xd8\xff") == ("", None)
    assert picture(b"") == ("", None)
