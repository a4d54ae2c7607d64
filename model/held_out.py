"""Held-out lines: real ones that the network was never trained on, kept with a checkpoint for games.

Which of them belong to people, this module cannot know: whoever trains decides whether they are kept at all.
"""

import re
from collections.abc import Sequence

from model.checkpoint import Checkpoint
from model.masking import PLACEHOLDERS

LINES = "lines.txt"
MOST = 200  # lines: months of games, in some 30 kB
SHORTEST, LONGEST = 30, 200  # characters
_LEAST_LETTERS = 0.8  # of a line, spaces counted: tables and code are no sentences
_OPENERS = "\"'“‘«¿¡—–("  # what a sentence may begin with besides a letter
_WORDS = re.compile(r"\w{2,}")


def pick_lines(text: str) -> list[str]:
    """Lines that could be somebody's sentence, spread evenly over a text that was held out.

    Long ones are cut after a word. None that tells of its own that something was masked in it.
    """
    found = dict.fromkeys(shortened(" ".join(line.split()), LONGEST) for line in text.splitlines())
    lines = [line for line in found if _is_sentence(line)]
    step = max(1.0, len(lines) / MOST)
    return [lines[int(number * step)] for number in range(min(MOST, len(lines)))]


def read_lines(checkpoint: Checkpoint) -> tuple[str, ...]:
    """The lines of a checkpoint; none where it was made without. Raises CheckpointDamaged."""
    if LINES not in checkpoint.files:
        return ()
    return tuple(line for line in checkpoint.read(LINES).decode("utf-8", "replace").splitlines() if line.strip())


def written(lines: Sequence[str]) -> bytes:
    """The file's content."""
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")


def shortened(line: str, length: int) -> str:
    """A line of at most so many characters: cut after a word, with a sign that it was."""
    if len(line) <= length:
        return line
    head = line[: length - 1]
    cut = head.rfind(" ") if " " in head[length // 2 :] else len(head)
    return head[:cut].rstrip() + "…"


def _is_sentence(line: str) -> bool:
    if len(line) < SHORTEST or len(_WORDS.findall(line)) < 4 or any(mark in line for mark in PLACEHOLDERS):
        return False
    if not (line[0].isalpha() or (line[0] in _OPENERS and line[1].isalpha())):
        return False
    letters = sum(character.isalpha() or character == " " for character in line)
    return letters >= _LEAST_LETTERS * len(line)
