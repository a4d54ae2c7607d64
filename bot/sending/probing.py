"""Whether a message arrived of which nobody told us: bots read no history, but may try to edit what is theirs.

Only a bot's own messages can be edited by it, so a message that takes the text (or has it already) is the one
we look for. Which ids to try, in which order, and when to give up, is decided here; nothing is sent.

Message ids rise. In supergroups and channels each chat counts for itself, without gaps but for deleted
messages. In private chats and basic groups the whole account has one counter, so an id seen in one chat is no
id of another one. Where two such chats are seen to use the same id, the server counts for each chat.
"""

from enum import Enum

from bot.storage.mail import MessageIds

NEAR = 3  # ids after the last known one that are tried in any case
MOST = 40  # ids tried for one message; each costs a call
_SUPERGROUPS = -1_000_000_000_000  # their ids, and those of channels, are below


class Probe(Enum):
    """What the server says to an edit."""

    OURS = "the message takes the text, or has it already"
    FOREIGN = "there is a message, and it is somebody else's"
    MISSING = "there is no such message"


class Search:
    """The ids to try for a message that may have been sent after the message `above`, in order."""

    def __init__(self, chat_id: int, above: int, ids: MessageIds) -> None:
        self._here = ids.here
        others = [(chat, message) for chat, message in ids.elsewhere if chat > _SUPERGROUPS]
        taken = {message for _, message in others}
        shared = chat_id > _SUPERGROUPS and len(taken) == len(others) and not taken & ids.here
        self._elsewhere = taken if shared else set()
        self._near = above + NEAR
        last = max((above, *self._here, *self._elsewhere))
        # In an account's own counter whatever nobody knows of lies among the known ids or right behind them.
        self._end = last + NEAR + ids.uncertain if shared else None
        self._last = last
        self._candidate = above
        self._tried = 0
        self._missing = 0

    def next(self) -> int | None:
        """The id to try; None if the message is not there."""
        while self._tried < MOST and not self._over():
            self._candidate += 1
            if self._candidate in self._here:
                self._missing = 0
            elif self._candidate <= self._near or self._candidate not in self._elsewhere:
                self._tried += 1
                return self._candidate
        return None

    def note(self, probe: Probe) -> None:
        """What came of the last id."""
        self._missing = self._missing + 1 if probe is Probe.MISSING else 0

    def _over(self) -> bool:
        if self._end is not None:
            return self._candidate >= self._end
        return self._candidate >= self._last + NEAR and self._missing >= NEAR
