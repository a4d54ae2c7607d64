"""Many files at once: a folder's or an archive's texts, with a chat export in it taken as the one thing it is."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from trainer.corpus.archive import GZIP, ZIP, gzipped, zipped
from trainer.corpus.choice import choose_reader, is_page
from trainer.corpus.message import Piece
from trainer.corpus.options import ReadingOptions
from trainer.corpus.source import Source, printable
from trainer.corpus.telegram_html import PAGE, is_telegram_html, page_number, read_telegram_html
from trainer.corpus.telegram_json import is_telegram_json
from trainer.errors import CorpusError

_WHOLE_ACCOUNT = "export_results.html"


def read_path(path: Path, encoding: str | None, options: ReadingOptions) -> Iterator[Piece]:
    """A file, or every text below a folder, in order of name. Raises CorpusError.

    Hidden files, links that lead nowhere and files that are no text are passed over in a folder.
    """
    if path.is_dir():
        files = [Source.of_file(file, encoding, below=path) for file in _files_below(path)]
        yield from read_together(files, f"the folder {printable(path)}", options)
    elif not path.is_file():
        raise CorpusError(f"expected a file or a folder, got {printable(path)}, which is neither: name another")
    elif path.name == "messages.html" and not options.plain and _is_export(Source.of_file(path, encoding)):
        pages = {page.name: Source.of_file(page, encoding) for page in path.parent.glob("messages*.html")}
        yield from read_telegram_html(_in_order(pages), options)
    else:
        yield from read_file(Source.of_file(path, encoding), options)


def read_file(source: Source, options: ReadingOptions) -> Iterator[Piece]:
    """A file on disk that may be packed. Raises CorpusError."""
    head = source.head()
    if source.file and head.startswith(ZIP):
        with zipped(source.file, source.title, source.encoding) as members:
            yield from read_together(members, source.title, options)
        return
    if source.file and head.startswith(GZIP):
        source = gzipped(source.file, source.title, source.path, source.encoding)
        if _is_packed(source):
            raise CorpusError(f"expected no archive within an archive, got one in {source.title}: unpack it once")
    yield from choose_reader(source, options)(source, options)


def read_together(sources: Sequence[Source], title: str, options: ReadingOptions) -> Iterator[Piece]:
    """The texts and chats among many files; a newline after each text. Raises CorpusError where there is none."""
    folders: dict[PurePosixPath, dict[str, Source]] = {}
    for source in sources:
        folders.setdefault(source.path.parent, {})[source.path.name] = source
    exports = set() if options.plain else {source.path.parent for source in sources if _is_export(source)}
    found = False
    for source in sources:
        if exports.intersection(source.path.parents):
            pieces = _of_export(source, folders[source.path.parent], options)
        else:
            pieces = _of_file(source, options)
        if pieces is None:
            continue
        found = True
        text = False
        for piece in pieces:
            text = isinstance(piece, str)
            yield piece
        if text:
            yield "\n"  # the end of one text is not the middle of the next
    if not found:
        raise CorpusError(
            f"expected text files in {title}, found none: name another, and unpack archives within archives"
        )


def _of_file(source: Source, options: ReadingOptions) -> Iterator[Piece] | None:
    """A text or a chat. Within an archive another archive is passed over, so are pictures and web pages everywhere.

    What is called as Telegram's pages are is none of the kind: it is damaged, and refused.
    """
    if _is_packed(source):
        wanted = source.file and source.path.suffix.lower() in (".gz", ".zip")  # not .docx and the like
        return read_file(source, options) if wanted else None
    if source.is_binary() or (not options.plain and _is_decoration(source)):
        return None
    return choose_reader(source, options, alone=False)(source, options)


def _of_export(source: Source, beside: dict[str, Source], options: ReadingOptions) -> Iterator[Piece] | None:
    """A file below a Telegram export: its chats are read, pages once with the first; the rest is decoration."""
    if source.path.name == "result.json":
        return choose_reader(source, options)(source, options)
    if source.path.name != "messages.html" or "result.json" in beside:
        return None
    return read_telegram_html(_in_order(beside), options)


def _in_order(pages: dict[str, Source]) -> list[Source]:
    """The pages among files by name, the first one first."""
    return [pages[name] for name in sorted(filter(PAGE.fullmatch, pages), key=page_number)]


def _is_export(source: Source) -> bool:
    """Whether this file makes its folder a Telegram export."""
    if source.path.name == "result.json":
        return is_telegram_json(source.beginning())
    if source.path.name == "messages.html":
        return is_telegram_html(source.beginning())
    return source.path.name == _WHOLE_ACCOUNT


def _is_decoration(source: Source) -> bool:
    """Whether it is a web page, but no chat's."""
    head = source.beginning()
    return is_page(source, head) and not is_telegram_html(head) and not PAGE.fullmatch(source.path.name)


def _is_packed(source: Source) -> bool:
    return source.head().startswith((GZIP, *ZIP))


def _files_below(folder: Path) -> Iterator[Path]:
    seen: set[Path] = set()  # by their own names: a text that is held out must not be learned under another one
    for parent, folders, files in os.walk(folder):  # does not follow links to folders, so no loop is endless
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(parent, name)
            if not name.startswith(".") and path.is_file():  # not a pipe, nor a link to itself
                file = path.resolve()
                if file not in seen:
                    seen.add(file)
                    yield path
