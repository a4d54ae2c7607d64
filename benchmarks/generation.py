"""How fast text is written, at the notebook's size: python -m benchmarks.generation.

One stream in every way there is, beside the limit that memory sets; many chats through the bot's scheduler; the whole
bot through the playground. All in one process, the ways by turns, so that a noisy machine is noisy for all of
them; medians of several rounds. Weights are random: the products of trained ones take as long.
"""

import asyncio
import json
import os
import platform
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from benchmarks.generating import report

RESULTS = Path(__file__).parent / "results"


@click.command()
@click.option(
    "--engine", type=click.Choice(["litert", "tensorflow"]), default="litert", help="Which one serves the chats."
)
def main(engine: str) -> None:
    """Measure, print the table, write benchmarks/results/generation.json, or generation-tensorflow.json beside it."""
    result = measure(engine)
    Console(width=120).print(report.table(result))
    RESULTS.mkdir(exist_ok=True)
    name = "generation.json" if engine == "litert" else f"generation-{engine}.json"
    (RESULTS / name).write_text(json.dumps(rounded(result), indent=1, ensure_ascii=False) + "\n", "utf-8")


def measure(engine: str) -> dict[str, Any]:
    """Everything; takes two minutes, with TensorFlow on a processor four."""
    from benchmarks.generating import chats, memory, one_stream, whole_bot
    from benchmarks.generating.networks import Networks, bytes_per_character

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
    return result


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
