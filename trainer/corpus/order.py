"""Chats in order of time, conversation by conversation, so that the held-out end of a corpus is the future.

Several chats are laid side by side by when their conversations began; what was said within one stays together.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from trainer.corpus.message import Message
from trainer.scratch import no_room, scratch_file

PAUSE = 6 * 3600  # seconds of silence after which people begin anew
_PURPOSE = "chats"
_PIECE = 1 << 20  # bytes
_BLOCK = 1 << 12  # conversations whose places are turned into an array at once


class Conversations:
    """Lines wait on disk, in memory only where each conversation begins: 16 bytes."""

    def __init__(self, scratch: Path | None = None) -> None:
        self._scratch = scratch
        self._spool = scratch_file(_PURPOSE, scratch)
        self._places: list[np.ndarray[tuple[int, int], np.dtype[np.int64]]] = []
        self._recent: list[tuple[int, int]] = []
        self._chat: str | None = None
        self._last = 0
        self._length = 0

    def add(self, message: Message, when: int, line: str) -> None:
        """A line said at a time. Raises CorpusError where the disk is full."""
        if message.chat != self._chat or not 0 <= when - self._last <= PAUSE:
            if self._length:
                self._write("\n")  # an empty line between conversations
            self._recent.append((when, self._length))
            if len(self._recent) == _BLOCK:
                self._pack()
        self._chat, self._last = message.chat, when
        self._write(line)

    def pieces(self) -> Iterator[str]:
        """All conversations, the earliest first. Nothing can be added any more."""
        if not self._length:
            return
        self._write("\n", flush=True)
        self._pack()
        places = np.concatenate(self._places)
        ends = np.append(places[1:, 1], self._length)
        gathered: list[bytes] = []
        size = 0
        for row in np.argsort(places[:, 0], kind="stable"):
            start, stop = int(places[row, 1]), int(ends[row])
            self._spool.seek(start)
            while start < stop:
                data = self._spool.read(min(_PIECE, stop - start))
                start += len(data)
                gathered.append(data)
                size += len(data)
                if size >= _PIECE:
                    yield from _whole(gathered)
                    size = len(gathered[0])
        yield b"".join(gathered).decode("utf-8")

    def close(self) -> None:
        """The file on disk is gone."""
        self._spool.close()

    def _pack(self) -> None:
        if self._recent:
            self._places.append(np.array(self._recent, np.int64))
            self._recent = []

    def _write(self, line: str, flush: bool = False) -> None:
        data = line.encode("utf-8")
        try:
            self._spool.write(data)
            if flush:
                self._spool.flush()
        except OSError as error:
            raise no_room(self._scratch, _PURPOSE, error) from error
        self._length += len(data)


def _whole(gathered: list[bytes]) -> Iterator[str]:
    """The text of what was gathered, which keeps the bytes of a character that is not whole yet."""
    data = b"".join(gathered)
    cut = len(data)
    while cut and data[cut - 1] & 0xC0 == 0x80:
        cut -= 1
    if cut and data[cut - 1] >= 0xC0:
        cut -= 1
    else:
        cut = len(data)
    gathered[:] = [data[cut:]]
    yield data[:cut].decode("utf-8")
