"""Replay: the text of a reply again, from the same weights, by the turn that the bot ran; and what differs, if any."""

from collections.abc import Iterable
from pathlib import Path

from bot.errors import LogError
from bot.storage.database import Database
from bot.storage.prompts import Prompt, Prompts
from bot.storage.states import States
from bot.talking.prompt_turn import turn_of
from bot.text import clean
from model.checkpoint import Checkpoint
from model.errors import StateError
from model.generator import ENGINES, Generator
from model.state import State

_DIGEST = 32  # hexadecimal digits that a fingerprint begins with: of the weights

LONGEST_CHAIN = 1_000  # replies that go on from each other; far more than anybody presses a button


class Replay:
    """A prompt and all that led to it, the earliest first: its own turn, or a chain of turns that go on.

    state: what the network remembered before the first of them; None for nothing read.
    """

    def __init__(self, chain: list[Prompt], state: bytes | None) -> None:
        self._chain = chain
        self._state = state
        self.prompt = chain[-1]

    @property
    def engine(self) -> str:
        """The engine that gave the reply, as load_generator calls it: another may draw another text."""
        name = self.prompt.asked.fingerprint.rpartition("/")[2].partition("-")[0]
        return name if name in ENGINES else "auto"

    def text(self, generator: Generator) -> str:
        """The text that this generator gives now. Raises LogError where it cannot go on from where the bot did."""
        try:
            state = None if self._state is None else State.from_bytes(self._state, generator.initial_state())
        except StateError as error:
            raise LogError(f"{self._stranger(generator) or error}") from error
        text = ""
        for prompt in self._chain:
            text, state = _again(prompt, state, generator)
        return clean(self.prompt.asked.seed_text + text)

    def difference(self, generator: Generator, text: str) -> str | None:
        """What differs from the reply that was sent, in a sentence; None where nothing does."""
        if strange := self._stranger(generator):
            return strange
        sent = self.prompt.answer.reply_text
        if self.prompt.erased_at is not None:
            return (
                f"the words of this prompt were erased on {self.prompt.erased_at:%Y-%m-%d}: there is nothing to compare"
            )
        if sent is None:
            return f"there was no reply: the prompt is {self.prompt.answer.outcome}"
        if sent != text:
            same = next((at for at, (a, b) in enumerate(zip(sent, text, strict=False)) if a != b), None)
            same = min(len(sent), len(text)) if same is None else same
            return f"the text differs from its character {same + 1} on, with the same checkpoint and engine"
        return None

    def _stranger(self, generator: Generator) -> str | None:
        theirs = self.prompt.asked.fingerprint
        if theirs == generator.fingerprint:
            return None
        return f"this checkpoint is {generator.fingerprint}, the reply came from {theirs}"


def checkpoint_of(prompt: Prompt, folders: Iterable[Path]) -> Path | None:
    """The folder among these whose weights gave the reply; None where none of them did."""
    for folder in folders:
        if Checkpoint.open(folder).weights_digest == prompt.asked.fingerprint[:_DIGEST]:
            return folder
    return None


async def load_replay(database: Database, prompt: Prompt) -> Replay:
    """What it takes to run a prompt again: back to a prompt that began anew, or after which the state was saved.

    Raises LogError where what it continues is gone.
    """
    chain = [prompt]
    async with database.reading() as connection:
        while (before := chain[0].asked.continues_id) is not None:
            if (state := await States(connection).find(before)) is not None:
                return Replay(chain, state)
            earlier = await Prompts(connection).find(before)
            if earlier is None or earlier.erased_at is not None or len(chain) >= LONGEST_CHAIN:
                raise LogError(
                    f"expected what prompt {prompt.id} goes on from, but the words of prompt {before} and the state "
                    "after them are erased: it cannot be replayed"
                )
            chain.insert(0, earlier)
    return Replay(chain, None)


def _again(prompt: Prompt, state: State | None, generator: Generator) -> tuple[str, State]:
    """The turn of a prompt once more: its text, and the state after it.

    The reply says how many characters were kept; without one, the turn's own rule ends the text.
    """
    turn = turn_of(prompt.asked, state)
    state = generator.feed(turn.state or generator.initial_state(), turn.seed)
    count = prompt.answer.characters
    if count is not None:
        chunk = generator.generate(state, count, turn.sampling, turn.rng)
        return turn.stop_rule.shown(chunk.text), chunk.state
    text, rng = "", turn.rng
    while turn.stop_rule.reason(text) is None:
        chunk = generator.generate(state, 1, turn.sampling, rng)
        text, state, rng = text + chunk.text, chunk.state, chunk.rng
    return turn.stop_rule.shown(text), state
