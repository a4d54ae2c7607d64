"""The schema of a data set: its name with a version of its own, and what each field means."""

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Type = Literal["integer", "number", "text", "time"]
Value = int | float | str | dt.datetime | None


@dataclass(frozen=True)
class Field:
    """A field: every record has all of them, in this order. `words`: free text, masked."""

    name: str
    type: Type
    meaning: str
    words: bool = False


@dataclass(frozen=True)
class Schema:
    """What a record consists of. It may differ from the tables, which serve the bot.

    rows: what records are called, such as "prompts". time: the field that says when.
    """

    name: str
    rows: str
    time: str
    fields: tuple[Field, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.fields)

    @cached_property
    def places(self) -> dict[str, int]:
        """Where in a record each field is."""
        return {name: place for place, name in enumerate(self.names)}

    @property
    def has_words(self) -> bool:
        return any(field.words for field in self.fields)
