"""The report of benchmarks.generation: one table, on a terminal and in the README. Measures nothing."""

from collections.abc import Iterator
from typing import Any

from rich.table import Table

HEADS = ("2 x 1024, 91 characters", "characters/s", "ratio", "32 characters", "300 characters")

NOTEBOOK = "the notebook's loop, eager Keras"
COMPILED = "the same call compiled by tf.function"
TENSORFLOW = "this project, TensorFlow fp32"
LITERT = "this project, LiteRT int8"
NUCLEUS = "the same with top-p 0.9"
LIMIT = "limit: reading the int8 weights"
LONG_CHATS, LONG = 32, 2_000  # beside a newcomer: chats, and characters that each wants

Row = tuple[str, str, str, str, str]


def table(result: dict[str, Any]) -> Table:
    """For a terminal."""
    shown = Table(*HEADS)
    for section in (one_stream, chats, others):
        for row in section(result):
            shown.add_row(*row)
        shown.add_section()
    return shown


def markdown(result: dict[str, Any]) -> str:
    """For the README, which has it between its marks."""
    rows = [HEADS, ("---",) * len(HEADS), *one_stream(result), *chats(result), *others(result)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def one_stream(result: dict[str, Any]) -> Iterator[Row]:
    """Each way to write, beside the slowest and beside the limit."""
    single = result["one_stream"]
    slowest, limit = single[NOTEBOOK], single[LIMIT]
    for name, speed in single.items():
        yield name, f"{speed:,.0f}", f"{speed / slowest:,.0f} x, {speed / limit:.0%} of the limit", "", ""


def chats(result: dict[str, Any]) -> Iterator[Row]:
    """So many at once, and a newcomer among long replies."""
    many = dict(result["chats"])
    newcomer, alone = many.pop("newcomer"), many["1"]["total"]
    for name, chat in many.items():
        what = "1 chat" if name == "1" else f"{name} chats at once"
        ratio = f"{chat['total'] / alone:.1f} x one chat; each {chat['total'] / int(name) / alone:.0%}"
        yield what, f"{chat['total']:,.0f}", ratio, _waits(chat, "first"), _waits(chat, "whole")
    what = f"a newcomer beside {LONG_CHATS} replies of {LONG:,}"
    yield what, f"{newcomer['each']:,.0f}", "", _waits(newcomer, "first"), _waits(newcomer, "whole")


def others(result: dict[str, Any]) -> Iterator[Row]:
    """The whole bot, long seeds, memory."""
    bot, read = result["whole_bot_ms"], result["reading_4096_characters"]
    yield "the whole bot: from update to first, last text", "", "", _waits(bot, "first"), _waits(bot, "last")
    for what, seconds in (
        ("reading 4,096 characters", read["feed"]),
        ("surprise of 4,096 characters", read["surprise"]),
    ):
        yield what, f"{4_096 / seconds:,.0f}", f"{seconds:.2f} s", "", ""
    yield "memory with every number of chats", "", f"{result['memory_mb']:.0f} MB", "", ""
    yield "a chat's state", "", f"{result['state_bytes']:,} bytes", "", ""


def _waits(of: dict[str, float], name: str) -> str:
    """Median and 95th percentile."""
    return f"{of[f'{name} p50']:.0f} / {of[f'{name} p95']:.0f} ms"
