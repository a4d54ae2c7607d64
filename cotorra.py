"""The front door: one command, whose subcommands are imported only when they are called."""

import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from model.errors import CotorraError

# name -> (module, attribute, what it does)
COMMANDS: dict[str, tuple[str, str, str]] = {
    "demo": ("bot.cli", "demo", "The whole bot in a page on this machine; needs no token."),
    "run": ("bot.cli", "run", "The bot on Telegram."),
    "train": ("trainer.cli", "train", "Learn from a text: a book, a folder, a chat's history."),
    "evaluate": ("trainer.cli", "evaluate", "How well a checkpoint predicts a text, in bits per character."),
    "sample": ("cotorra", "sample", "Let a checkpoint talk into the terminal."),
    "logs": ("bot.log.cli", "logs", "The prompt log: list, export, stats, replay, serve, purge."),
    "db": ("bot.db_cli", "db", "The database's tables: upgrade, current, check."),
}
SAMPLE_STEP = 64  # characters written at a time
HAPPENED = 1  # exit codes: it failed, and one line says why
USAGE = 2


class LazyGroup(click.Group):
    """A group that knows its commands by name, and imports one when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        # Run as a script, this file is __main__, and importing it again would make a second one.
        home = sys.modules[__name__] if module == "cotorra" else importlib.import_module(module)
        command: click.Command = getattr(home, attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cotorra", prog_name="cotorra")
def cli() -> None:
    """A Telegram bot that talks like the text you trained it on."""


@click.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.argument("seed", default="")
@click.option("--length", default=500, show_default=True, help="Characters to write after the seed.")
@click.option("--temperature", default="0.5", show_default=True, help="0.05 is tame, 2 is wild.")
@click.option("--top-p", default=1.0, show_default=True, help="Leave out the unlikely rest; 1 leaves out nothing.")
@click.option(
    "--repetition-brake", default=0.05, show_default=True, help="How hard loops are broken, up to 1; 0 lets them run."
)
@click.option(
    "--ending",
    default="length",
    show_default=True,
    help="length: exactly so many characters; sentence or line: at the end of one, near the length.",
)
@click.option("--stop", "stops", multiple=True, help="Also end before this text; several times for several.")
@click.option("--rng-seed", default=0, show_default=True, help="The random stream: another number, another text.")
@click.option("--engine", default="auto", show_default=True, help="auto, litert or tensorflow.")
def sample(
    checkpoint: Path,
    seed: str,
    length: int,
    temperature: str,
    top_p: float,
    repetition_brake: float,
    ending: str,
    stops: tuple[str, ...],
    rng_seed: int,
    engine: str,
) -> None:
    """Write SEED and its continuation by CHECKPOINT to stdout.

    The same arguments give the same text.
    """
    from model.config import SamplingConfig, parse_temperature
    from model.generator import load_generator
    from model.sampling import Rng
    from model.stopping import StopRule

    sampling = SamplingConfig(parse_temperature(temperature), top_p, repetition_brake)
    rule = StopRule(length, ending, stops)  # type: ignore[arg-type]  # it says itself which endings there are
    rng = Rng(rng_seed)
    generator = load_generator(checkpoint, engine)
    _write(seed)
    state, text, shown, ended = generator.feed(generator.initial_state(), seed), "", "", None
    while ended is None:
        chunk = generator.generate(state, SAMPLE_STEP, sampling, rng)
        state, rng = chunk.state, chunk.rng
        ended = rule.end(text + chunk.text, len(text))
        text = (text + chunk.text)[: ended[0] if ended else None]
        _write(rule.shown(text)[len(shown) :])
        shown = rule.shown(text)
    _write("\n")


def _write(text: str) -> None:
    click.echo(text.encode("utf-8", "replace"), nl=False)  # bytes: a terminal's own encoding may lack a character
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and end the process: 0 done, 1 it failed and one line says why, 2 usage."""
    sys.exit(_run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    try:
        result: Any = cli.main(args=arguments, prog_name="cotorra", standalone_mode=False)
    except click.UsageError as error:
        error.show()
        return USAGE
    except click.ClickException as error:
        return _fail(error.format_message())
    except CotorraError as error:
        return _fail(str(error))
    except (KeyboardInterrupt, click.Abort):
        return _fail("stopped")
    except BrokenPipeError:  # whoever read our output has left: `cotorra sample ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return HAPPENED
    return result if isinstance(result, int) else 0


def _fail(sentence: str) -> int:
    from bot.observability.redaction import Redaction

    line = Redaction()(" ".join(sentence.split()))  # what came may be a token in the place of something else
    print(f"cotorra: {line}", file=sys.stderr)
    return HAPPENED


if __name__ == "__main__":
    main()
