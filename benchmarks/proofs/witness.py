"""The witness: what people said, what they saw of the bot, and when; and whether that is as it should be."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from benchmarks.proofs.people import Prompt, key_of
from benchmarks.proofs.telegram import Shown

INVISIBLE = "\N{WORD JOINER}"  # the bot puts it where Telegram would find something to press; nobody sees it


@dataclass
class Reply:
    """What became of a prompt, as seen in its chat; times in seconds."""

    prompt: Prompt
    asked_at: float
    first_at: float | None = None
    last_at: float | None = None
    messages: dict[int, str] = field(default_factory=dict)  # id -> text, as it is now

    @property
    def first_text(self) -> float | None:
        """From the question to the first text seen."""
        return None if self.first_at is None else self.first_at - self.asked_at

    @property
    def whole_text(self) -> float | None:
        """From the question to the last change of the text."""
        return None if self.last_at is None else self.last_at - self.asked_at


class Witness:
    """Watches all chats."""

    def __init__(self) -> None:
        self.saw_something = asyncio.Event()
        self.replies: dict[tuple[int, int], Reply] = {}
        self.unasked: list[tuple[int, str]] = []  # (chat, text): replies to what nobody said
        self._others: dict[tuple[int, int], str] = {}  # (chat, message) -> text: whatever is no reply
        self._key_at: dict[tuple[int, int], tuple[int, int]] = {}  # (chat, message) -> the prompt that it answers
        self._unanswered: set[tuple[int, int]] = set()

    def heard(self, prompt: Prompt) -> None:
        """Somebody is about to ask."""
        self.replies[prompt.key] = Reply(prompt, _now())
        self._unanswered.add(prompt.key)

    def see(self, shown: Shown) -> None:
        """The bot wrote or changed something."""
        self.saw_something.set()
        if (key := key_of(shown.text)) is None:
            if shown.message_id is not None:
                self._others[shown.chat_id, shown.message_id] = shown.text
            return
        if shown.message_id is not None:
            self._written_over(key, shown)
        reply = self.replies.get(key)
        if reply is None or reply.prompt.seat.chat_id != shown.chat_id:
            self.unasked.append((shown.chat_id, shown.text))
            return
        now = _now()
        reply.first_at = reply.first_at or now
        if shown.message_id is not None:
            reply.last_at = now
            reply.messages[shown.message_id] = shown.text.replace(INVISIBLE, "")
            self._others.pop((shown.chat_id, shown.message_id), None)
            self._unanswered.discard(key)

    def _written_over(self, key: tuple[int, int], shown: Shown) -> None:
        """A message says something else now: whatever it said before has no reply there any more."""
        place = (shown.chat_id, shown.message_id or 0)
        before = self._key_at.get(place)
        if before is not None and before != key:
            self.replies[before].messages.pop(place[1], None)
        self._key_at[place] = key

    @property
    def unanswered(self) -> int:
        """Prompts of which no message has been seen."""
        return len(self._unanswered)

    @property
    def sentences(self) -> Counter[tuple[int, str]]:
        """How often each chat has been told what is no reply."""
        return Counter((chat, text) for (chat, _), text in self._others.items())

    def complaints(self) -> list[str]:
        """What is not as it should be: a prompt without exactly one reply, replies of a chat out of order."""
        found = [f"a reply that nobody asked for in chat {chat}: {text[:30]!r}" for chat, text in self.unasked]
        last: dict[int, int] = {}
        for (chat, number), reply in sorted(self.replies.items()):
            if len(reply.messages) != 1:
                found.append(f"expected one reply to prompt {number} of chat {chat}, saw {len(reply.messages)}")
            for message_id in reply.messages:
                if message_id < last.get(chat, message_id):
                    found.append(f"the reply to prompt {number} of chat {chat} came before an earlier one")
                last[chat] = max(message_id, last.get(chat, message_id))
        return found


def _now() -> float:
    return asyncio.get_running_loop().time()
