"""How fast text is written, at the notebook's size: python -m benchmarks.generation.

One stream in every way there is, beside the limit that memory sets; many chats through the bot's scheduler; the whole
bot through the playground. All in one process, the ways by turns, so that a noisy machine is noisy for all of
them; medians of several rounds. Weights are random: that changes no speed.
"""

import asyncio
import json
import os
import platform
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from benchmarks.generating import chats, memory, one_stream, whole_bot
from benchmarks.generating.networks import Networks, bytes_per_character

RESULTS = Path(__file__).parent / "results" / "generation.json"


@click.command()
@click.option(
    "--engine", type=click.Choice(["litert", "tensorflow"]), default="litert", help="Which one serves the chats."
)
def main(engine: str) -> None:
    """Measure, print the table, write benchmarks/results/generation.json."""
    networks = Networks()
    chosen = networks.litert() if engine == "litert" else networks.tensorflow
    console = Console(stderr=True)
    console.print("one stream …")
    result: dict[str, Any] = {"machine": machine(), "bytes_per_character": bytes_per_character(), "engine": engine}
    result["one_stream"] = one_stream.measure(networks)
    result["reading_4096_characters"] = one_stream.reading(networks.litert())
    console.print("many chats …")
    result["chats"] = asyncio.run(chats.measure(lambda: chosen))
    console.print("the whole bot …")
    result["whole_bot_ms"] = asyncio.run(whole_bot.measure(chosen))
    result["state_bytes"] = len(chosen.feed(chosen.initial_state(), "a" * 600).to_bytes())
    result["memory_mb"] = memory.measure(networks.graph)
    Console(width=120).print(table(result))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(rounded(result), indent=1, ensure_ascii=False) + "\n", "utf-8")


def table(result: dict[str, Any]) -> Table:
    """Everything, in one."""
    shown = Table("2 x 1024, embedding 256, 91 characters", "characters/s", "ratio", "32 characters", "300 characters")
    single = result["one_stream"]
    slowest, limit = single[one_stream.NOTEBOOK], single[one_stream.LIMIT]
    for name, speed in single.items():
        shown.add_row(name, f"{speed:,.0f}", f"{speed / slowest:,.0f} x, {speed / limit:.0%} of the limit", "", "")
    shown.add_section()
    many = result["chats"]
    alone = many["1"]["total"]
    for name, chat in many.items():
        if name == "newcomer":
            what, speed = f"a newcomer beside {chats.LONG_CHATS} replies of {chats.LONG:,}", f"{chat['each']:,.0f} each"
            ratio = ""
        else:
            what, speed = "1 chat" if name == "1" else f"{name} chats at once", f"{chat['total']:,.0f}"
            ratio = f"{chat['total'] / alone:.1f} x one chat; each {chat['total'] / int(name) / alone:.0%}"
        shown.add_row(what, speed, ratio, waits(chat, "first"), waits(chat, "whole"))
    shown.add_section()
    bot, read = result["whole_bot_ms"], result["reading_4096_characters"]
    shown.add_row("the whole bot: from update to first, last text", "", "", waits(bot, "first"), waits(bot, "last"))
    shown.add_row("reading a seed of 4,096 characters", f"{4_096 / read['feed']:,.0f}", f"{read['feed']:.2f} s", "", "")
    surprise = read["surprise"]
    shown.add_row("surprise of 4,096 characters", f"{4_096 / surprise:,.0f}", f"{surprise:.2f} s", "", "")
    shown.add_row("memory with every number of chats", "", f"{result['memory_mb']:.0f} MB", "", "")
    shown.add_row("a chat's state", "", f"{result['state_bytes']:,} bytes", "", "")
    return shown


def waits(of: dict[str, float], name: str) -> str:
    """Median and 95th percentile."""
    return f"{of[f'{name} p50']:.0f} / {of[f'{name} p95']:.0f} ms"


def machine() -> str:
    """The processor, as the system calls it."""
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text("utf-8").splitlines() if listed.is_file() else []
    name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return f"{name or platform.processor() or platform.machine()}, {os.cpu_count()} cores"


def rounded(value: Any) -> Any:
    """Four digits are more than a measurement has."""
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    return float(f"{value:.4g}") if isinstance(value, float) else value


if __name__ == "__main__":
    main()
