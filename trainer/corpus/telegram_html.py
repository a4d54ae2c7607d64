"""Telegram Desktop's HTML export: messages.html, messages2.html and so on, page after page."""

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser

from model import masking
from trainer.corpus.message import Message
from trainer.corpus.options import ReadingOptions
from trainer.corpus.source import Source
from trainer.errors import CorpusError

PAGE = re.compile(r"messages(\d*)\.html", re.IGNORECASE)
_STEP = 1 << 16  # characters fed at once
_UNREAD = 1 << 18  # characters that may wait for the end of their tag
_LONGEST = 1 << 20  # characters of a message; Telegram stops at 4,096
_DEEPEST = 100  # boxes within boxes; Telegram's own are about ten deep
_DATE = re.compile(r"(\d\d)\.(\d\d)\.(\d{4}) (\d\d):(\d\d):(\d\d)(?: UTC([+-])(\d\d):(\d\d))?")
_VIA = re.compile(r"\s*\bvia @\w+")  # the words are a bot's, whoever sent them
_TEXT, _AUTHOR, _CHAT, _DETAILS = "text", "author", "chat", "details"


def is_telegram_html(head: str) -> bool:
    """Whether a page that begins so is one of Telegram's, with messages."""
    return "<html" in head[:200].lower() and 'class="page_wrap' in head and 'class="history"' in head


def page_number(name: str) -> int:
    """The place of a page among its export's: messages.html is the first. ValueError where it is none."""
    match = PAGE.fullmatch(name)
    if not match:
        raise ValueError(name)
    return int(match.group(1) or 1)


def read_telegram_html(pages: Sequence[Source], options: ReadingOptions) -> Iterator[Message]:
    """The messages of a chat's pages in their order; service messages are none. Raises CorpusError."""
    author: str | None = None
    via_bot = found = False
    for page in pages:
        parser = _Page(page.title, author, via_bot, options.mask)
        for piece in page.pieces():
            for start in range(0, len(piece), _STEP):
                parser.read(piece[start : start + _STEP])
                for message in parser.ready:
                    found = True
                    yield message
                parser.ready.clear()
        parser.end()
        author, via_bot = parser.author, parser.via_bot  # a page may begin in the middle of what somebody says
    if not found:
        raise CorpusError(f"expected messages in {pages[0].title}, got none: export the chat again, or as JSON")


class _Page(HTMLParser):
    """Messages as their boxes close. A box is a div, known by its classes."""

    def __init__(self, title: str, author: str | None, via_bot: bool, mask: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.title = title
        self.author = author  # of the last message, which "joined" ones continue
        self.via_bot = via_bot  # the same
        self.ready: list[Message] = []
        self._boxes: list[frozenset[str]] = []
        self._caught: dict[str, list[str]] = {}  # what stands in the boxes that matter
        self._catching: list[tuple[str, int]] = []  # into which of them, and at which depth
        self._chat = title
        self._mask = mask
        self._in_mention = False
        self._when = 0
        self._message_depth = 0
        self._forwarded = False
        self._length = 0

    def read(self, text: str) -> None:
        try:
            self.feed(text)
        except AssertionError as error:  # html.parser's word for a declaration that is none
            raise self._error(f"a page that is no HTML ({error})") from error
        if len(self.rawdata) > _UNREAD:
            raise self._error("a tag without end")

    def end(self) -> None:
        """The page is over. Raises CorpusError where it was not."""
        if self._boxes or self.rawdata.strip():
            raise self._error("the end of the file within a message")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br" and self._catching:
            self.handle_data("\n")
        values = dict(attrs)
        if tag == "img" and self._catching:
            self.handle_data(values.get("alt") or "")  # an emoji as a picture
        if tag == "a" and self._mask and "ShowMentionName" in (values.get("onclick") or ""):
            self.handle_data(masking.USER)
            self._in_mention = True
        if tag not in ("div", "span"):
            return
        classes = frozenset((values.get("class") or "").split())
        self._boxes.append(classes | {tag})
        if len(self._boxes) > _DEEPEST:
            raise self._error("boxes within boxes without end")
        depth = len(self._boxes)
        if not self._message_depth:
            if "message" in classes:
                self._begin(classes, depth)
            elif classes >= {"text", "bold"}:
                self._catch(_CHAT, depth)
        elif "forwarded" in classes:
            self._forwarded = True
        elif "date" in classes and not self._forwarded:
            self._when = _seconds(values.get("title") or "") or self._when
            self._catch("date", depth)
        elif "details" in classes:
            self._catch(_DETAILS, depth)
        elif "from_name" in classes and not self._forwarded:
            self._catch(_AUTHOR, depth)
        elif classes == {"text"}:
            self._catch(_TEXT, depth)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._in_mention = False
        if tag not in ("div", "span"):
            return
        if not self._boxes or tag not in self._boxes[-1]:
            raise self._error(f"</{tag}> where nothing of the kind is open")
        depth = len(self._boxes)
        self._boxes.pop()
        if self._catching and self._catching[-1][1] == depth:
            kind, _ = self._catching.pop()
            if kind == _CHAT:
                self._chat = _joined(self._caught.pop(_CHAT, [])) or self._chat
        if depth == self._message_depth:
            self._finish()

    def handle_data(self, data: str) -> None:
        if not self._catching or self._in_mention:
            return
        self._length += len(data)
        if self._length > _LONGEST:
            raise self._error("a message without end")
        self._caught.setdefault(self._catching[-1][0], []).append(data)

    def _catch(self, kind: str, depth: int) -> None:
        self._catching.append((kind, depth))

    def _begin(self, classes: frozenset[str], depth: int) -> None:
        self._message_depth, self._forwarded, self._length = depth, False, 0
        self._in_mention = False
        self._caught.clear()
        if "joined" not in classes and "service" not in classes:
            self.author, self.via_bot = None, False
        self._service = "service" in classes

    def _finish(self) -> None:
        if name := _joined(self._caught.get(_AUTHOR, [])):
            self.author = _VIA.sub("", name)
            self.via_bot = bool(_VIA.search(name) or _VIA.search(_joined(self._caught.get(_DETAILS, []))))
        text = _joined(self._caught.get(_TEXT, []))
        forwarded = self._forwarded or self.via_bot
        if text and not self._service:
            self.ready.append(Message(text, self._when, self.author, None, self._chat, forwarded))
        self._message_depth, self._length = 0, 0
        self._catching.clear()

    def _error(self, what: str) -> CorpusError:
        line, _ = self.getpos()
        return CorpusError(
            f"expected a page of a Telegram export in {self.title}, got {what} at line {line:,}: export it again"
        )


def _joined(parts: list[str]) -> str:
    return "".join(parts).strip()


def _seconds(title: str) -> int | None:
    """12.05.2023 10:11:12 UTC+02:00 in seconds since 1970; older exports do not tell the zone."""
    match = _DATE.search(title)
    if not match:
        return None
    day, month, year, hour, minute, second = map(int, match.groups()[:6])
    try:
        when = int(dt.datetime(year, month, day, hour, minute, second, tzinfo=dt.UTC).timestamp())
    except ValueError:
        return None
    sign, hours, minutes = match.groups()[6:]
    return when - int(f"{sign}1") * (int(hours) * 3600 + int(minutes) * 60) if sign else when
