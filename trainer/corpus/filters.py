"""What every chat goes through, whatever program it came from: authors, forwards, duplicates, masking."""

import hashlib
import struct
from collections import Counter

from model.masking import masked
from trainer.corpus.characters import nfc, visible
from trainer.corpus.message import Message
from trainer.corpus.options import ReadingOptions
from trainer.corpus.source import printable
from trainer.errors import CorpusError

SHORT = 40  # characters up to which the same words again are just how people talk
_MOST_AUTHORS = 10_000  # counted for the error's sentence
_LAST = (1 << 24) - 1  # of the filter's 16 Mi bytes
_SIX_NUMBERS = struct.Struct("<6I")
_GONE = "Deleted Account"
_UNTOLD = "(no author told)"


class Filters:
    """Messages in, messages to learn from out; what was seen stays remembered from source to source."""

    def __init__(self, options: ReadingOptions) -> None:
        self._options = options
        self._wanted = {_key(author) for author in options.authors}
        self._met: Counter[str] = Counter()
        self._seen = Seen()
        self._seen_there = Seen()
        self.read = self.kept = self.refused = 0

    def apply(self, message: Message) -> Message | None:
        """The message as it is to be learned, or nothing."""
        if not message.allowed:
            self.refused += 1
            return None
        self.read += 1
        if not self._is_wanted(message) or (message.forwarded and not self._options.forwards):
            return None
        text = visible(message.text)
        if self._options.mask:
            text = masked(text)
        if not text or self._is_duplicate(message, text):
            return None
        self.kept += 1
        return Message(nfc(text), message.when, message.author, message.author_id, message.chat)

    def line(self, message: Message) -> str:
        """The message as a line of the corpus, of several lines where it has them."""
        if not self._options.speakers or not (message.author or message.author_id):
            return message.text + "\n"
        author = nfc(visible(message.author or _GONE)).replace("\n", " ") or _GONE
        return f"{masked(author) if self._options.mask else author}: {message.text}\n"

    def check(self, title: str, has_text: bool = False) -> None:
        """Raises CorpusError where there were messages, and none is left.

        has_text: whether there is plain text besides: a prompt log that nobody allowed then adds nothing to it.
        """
        if self.kept or not (self.read or self.refused or self._wanted):
            return
        if self.refused and not self.read:
            if has_text:
                return
            raise CorpusError(
                f"expected prompts that people allowed in {title}, got {self.refused:,} that nobody allowed and no "
                "other: name another text, or export the log again when somebody has allowed it with /privacy"
            )
        if self._wanted:
            there = ", ".join(f"{printable(name)!r} ({count:,})" for name, count in self._met.most_common(10))
            raise CorpusError(
                f"expected messages by {' or '.join(map(repr, self._options.authors))} in {title}, got those of "
                f"{there or 'nobody'}: name somebody who is there with --author"
            )
        raise CorpusError(
            f"expected messages to learn from in {title}, got {self.read:,} empty or forwarded ones: "
            "name another chat, or --keep-forwards to learn from those"
        )

    def _is_wanted(self, message: Message) -> bool:
        if not self._wanted:
            return True
        name = message.author or (_GONE if message.author_id else _UNTOLD)
        if name in self._met or len(self._met) < _MOST_AUTHORS:
            self._met[name] += 1
        return _key(name) in self._wanted or _key(message.author_id or "") in self._wanted

    def _is_duplicate(self, message: Message, text: str) -> bool:
        """The same long words again, or the very same message in a second export of the same chat."""
        if message.when is not None and self._seen_there.again(f"{message.when}\0{message.author}\0{text}"):
            return True
        return len(text) > SHORT and self._seen.again(text)


class Seen:
    """Which texts were met before: a Bloom filter, so that a billion of them take no more memory than one.

    With 5 million texts one in 15,000 is taken for a duplicate that it is not.
    """

    def __init__(self) -> None:
        self._bits = bytearray(_LAST + 1)

    def again(self, text: str) -> bool:
        """Whether it was met before, as far as can be told; from now on it was."""
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=24).digest()
        bits, new = self._bits, False
        for number in _SIX_NUMBERS.unpack(digest):
            place, mask = number >> 3 & _LAST, 1 << (number & 7)
            if not bits[place] & mask:
                bits[place] |= mask
                new = True
        return not new


def _key(author: str) -> str:
    return nfc(visible(author)).casefold()
