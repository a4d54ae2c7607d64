"""The stand: a Telegram, people, a bot that is not started yet and a witness, for the length of a proof."""

import asyncio
import contextlib
import random
import socket
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.proofs.bot_process import COTORRA, BotProcess
from benchmarks.proofs.ledger import Ledger
from benchmarks.proofs.line import slow_line
from benchmarks.proofs.people import Line, wait_for
from benchmarks.proofs.report import percentiles
from benchmarks.proofs.telegram import FakeTelegram
from benchmarks.proofs.witness import Witness

PATIENCE = 60.0  # seconds without any progress until what is missing counts as lost
WAKE_WITHIN = 90.0  # seconds; a start takes two or three, on a busy machine ten
LOOK_EVERY = 0.2  # seconds between two looks at whether all is done


@dataclass(frozen=True)
class Stand:
    """What a proof has to do with."""

    telegram: FakeTelegram
    bot: BotProcess
    witness: Witness
    ledger: Ledger

    async def wake(self) -> None:
        """Start the bot, and wait until it has said something to somebody. Raises BotEnded, TimeoutError."""
        await self.bot.start()
        await self.telegram.say(self.telegram.private_chat(), "/help")
        await self.heard()

    async def heard(self) -> None:
        """The bot has said something, now or since `saw_something` was cleared. Raises BotEnded, TimeoutError."""
        async with asyncio.timeout(WAKE_WITHIN):
            while not self.witness.saw_something.is_set():
                _ = self.bot.pid  # it may have ended
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.witness.saw_something.wait(), 1)

    async def speak(self, lines: Iterable[Line]) -> int:
        """Let people say all of it, each line in its time; how many lines that were."""
        start, said = asyncio.get_running_loop().time(), 0
        for line in lines:
            await wait_for(line, start)
            if line.prompt is not None:
                self.witness.heard(line.prompt)
            await self.telegram.say(line.seat, line.text)
            said += 1
        return said

    async def settled(self, patience: float = PATIENCE) -> list[str]:
        """Everything that was said is done with; a complaint if nothing came of anything for so many seconds."""
        last, since = None, time.monotonic()
        while True:
            untaken = self.telegram.untaken
            left = (untaken, self.witness.unanswered, 0 if untaken else self.ledger.unfinished())
            if not any(left):
                return []
            if left != last:
                last, since = left, time.monotonic()
            elif time.monotonic() - since > patience:
                return [f"expected all to be done, saw no progress for {patience:g} s"]
            await asyncio.sleep(LOOK_EVERY)

    async def stopped(self) -> list[str]:
        """End the bot; whatever was not as it should be, as people saw it, in the database and in how it ended."""
        code = await self.bot.stop()
        found = self.witness.complaints() + self.ledger.complaints(self.witness)
        if code:
            found.append(f"expected the bot to end in good order, got exit code {code}: {self.bot.last_words()}")
        return found

    def refused(self) -> list[str]:
        """Whether Telegram ever said that it was too much."""
        count = self.telegram.refusals
        return [f"expected no 429, got {count}"] if count else []

    def waits(self) -> dict[str, dict[str, float]]:
        """How long people waited: until the first text they saw, and until the text was whole, in seconds."""
        replies = self.witness.replies.values()
        return {
            "first_text_s": percentiles([r.first_text for r in replies if r.first_text is not None]),
            "whole_text_s": percentiles([r.whole_text for r in replies if r.whole_text is not None]),
        }


def free_port() -> int:
    """A port of this machine that nobody listens at; whoever wants it has to be quick."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@asynccontextmanager
async def stand(
    telegram: FakeTelegram,
    rng: random.Random,
    late: tuple[float, float] = (0.0, 0.0),
    settings: Mapping[str, str] | None = None,
    module: str = COTORRA,
) -> AsyncIterator[Stand]:
    """A stand; at its end no process and no file is left.

    Args:
        telegram: Not begun yet.
        rng: Draws how late the server's answers are.
        late: The least and the most of it, in seconds.
        settings: The bot's, by their variables' names.
        module: What runs it.
    """
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(telegram)
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="cotorra-", ignore_cleanup_errors=True)))
        address = await stack.enter_async_context(slow_line(telegram.api_base_url, late, rng))
        bot = BotProcess(folder, telegram.token, address, settings or {}, module)
        stack.push_async_callback(bot.close)
        witness = Witness()
        telegram.watch(witness.see)
        yield Stand(telegram, bot, witness, Ledger(bot.database))
