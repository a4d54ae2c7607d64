"""Voice folders: which checkpoints the operator named, and what they are called.

Knows no checkpoint's inside: a folder with a config.json is taken for one.
"""

from dataclasses import dataclass
from pathlib import Path

from bot.errors import SettingsError

LONGEST_NAME = 32  # characters; a button's width on a phone


@dataclass(frozen=True)
class VoiceFolders:
    """Where the voices are.

    first: the checkpoint that a chat has until it chooses.
    others: pairs of a name and a folder. Without a name the folder is a checkpoint, called as the folder is, or
        holds checkpoints, each called as its own folder is.
    """

    first: Path
    others: tuple[tuple[str | None, Path], ...] = ()

    def find(self) -> dict[str, Path]:
        """The folders by name, the first one first. Raises SettingsError for a missing or a nameless one."""
        found: dict[str, Path] = {}
        for name, path in self._listed():
            if found.setdefault(name, path) != path:
                raise SettingsError(
                    f"COTORRA_VOICES: expected a name for each voice, got {name!r} for {found[name]} and for {path}; "
                    "write another name before one of them: name=folder"
                )
        first = self.first.expanduser()
        named = (name for name, path in found.items() if _same(path, first))
        name = next(named, None) or _unused(first.resolve().name[:LONGEST_NAME] or "first", found)
        return {name: first} | {other: path for other, path in found.items() if other != name}

    def _listed(self) -> list[tuple[str, Path]]:
        listed = []
        for name, path in self.others:
            folder = path.expanduser()
            if not folder.is_dir():
                raise SettingsError(f"COTORRA_VOICES: expected a checkpoint's folder at {folder}, found none")
            if name is not None or _is_checkpoint(folder):
                listed.append((name or folder.resolve().name, folder))
                continue
            inside = [item for item in sorted(folder.iterdir()) if item.name[0] != "." and _is_checkpoint(item)]
            if not inside:
                raise SettingsError(
                    f"COTORRA_VOICES: expected a checkpoint in {folder}, or checkpoints in folders there, found none"
                )
            listed += [(item.name, item) for item in inside]
        for name, path in listed:
            if not 0 < len(name) <= LONGEST_NAME:
                raise SettingsError(
                    f"COTORRA_VOICES: expected a name of 1 to {LONGEST_NAME} characters for {path}; "
                    "write one before it: name=folder"
                )
        return listed


def parse_voices(text: str) -> tuple[tuple[str | None, Path], ...]:
    """`name=folder` or `folder`, separated by commas. Raises ValueError with what was expected."""
    pairs: list[tuple[str | None, Path]] = []
    for item in filter(None, map(str.strip, text.split(","))):
        name, equals, folder = item.partition("=")
        if not equals:
            pairs.append((None, Path(item)))
        elif 0 < len(name.strip()) <= LONGEST_NAME and name.strip().isprintable() and folder.strip():
            pairs.append((name.strip(), Path(folder.strip())))
        else:
            raise ValueError(f"name=folder, with a name of 1 to {LONGEST_NAME} characters")
    names = [name for name, _ in pairs if name is not None]
    if len(names) > len(set(names)):
        raise ValueError("a different name for each voice")
    return tuple(pairs)


def _is_checkpoint(folder: Path) -> bool:
    return (folder / "config.json").is_file()


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def _unused(name: str, taken: dict[str, Path]) -> str:
    """The name, with a number after it where another voice has it already."""
    number, unused = 1, name
    while unused in taken:
        number += 1
        unused = f"{name[: LONGEST_NAME - 3]} {number}"
    return unused
