"""Files: photos and documents sent, and where to fetch them."""

from typing import Any

from telegram import File

from bot.playground.errors import bad_request
from bot.playground.files import MAX_DOWNLOAD, StoredFile
from bot.playground.methods.content import read_caption
from bot.playground.methods.messages import send
from bot.playground.methods.registry import Request, method
from bot.playground.people import document, photo_size


@method("sendPhoto")
async def send_photo(request: Request) -> dict[str, Any]:
    """A picture with a caption of at most 1024 UTF-16 units."""
    room = request.room_to_write("photos")
    caption, entities = read_caption(request.parameters)
    stored = _stored(request, "photo", as_photo=True)
    return send(request, room, photo=(photo_size(stored),), caption=caption or None, caption_entities=entities)


@method("sendDocument")
async def send_document(request: Request) -> dict[str, Any]:
    """A file with a caption of at most 1024 UTF-16 units."""
    room = request.room_to_write("documents")
    caption, entities = read_caption(request.parameters)
    stored = _stored(request, "document", as_photo=False)
    return send(request, room, document=document(stored), caption=caption or None, caption_entities=entities)


@method("getFile")
async def get_file(request: Request) -> dict[str, Any]:
    """Where to download a file of at most 20 MB."""
    if not request.parameters.has("file_id"):
        raise bad_request("file_id is empty")
    stored = request.service.files.by_id(request.parameters.text("file_id"))
    if stored is None:
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    if len(stored.content) > MAX_DOWNLOAD:
        raise bad_request("file is too big")
    return File(stored.file_id, stored.unique_id, len(stored.content), stored.path).to_dict()


def _stored(request: Request, name: str, *, as_photo: bool) -> StoredFile:
    """The file to send: one that came along, or one sent before, by its id."""
    given, files = request.parameters, request.service.files
    if not given.has(name):
        raise bad_request(f"there is no {name} in the request")
    if (upload := given.upload(name)) is None:
        known = files.by_id(given.text(name))
        if known is None or known.is_photo != as_photo:
            raise bad_request("wrong file identifier/HTTP URL specified")
        return known
    if not upload.content:
        raise bad_request("file must be non-empty")
    stored = files.add(upload.name, upload.content, as_photo=as_photo)
    if stored is None:
        raise bad_request("IMAGE_PROCESS_FAILED")
    return stored
