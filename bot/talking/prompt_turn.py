"""From a prompt's row to its turn: what the bot runs for it, and what a replay runs again. Knows no Telegram."""

from bot.generating.turns import Turn
from bot.storage.prompts import Asked
from model.sampling import Rng
from model.state import State


def turn_of(asked: Asked, state: State | None = None) -> Turn:
    """The turn of a prompt; `state`: the one it continues, where it continues one."""
    rng = Rng(asked.rng_seed)
    return Turn(asked.seed_text, asked.length, asked.sampling, rng, state, asked.ending, chat=asked.chat_id)
