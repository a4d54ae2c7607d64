"""The tally of an export: what its data card tells, counted record by record."""

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from bot.log.record import SCHEMA as PROMPTS
from bot.log.schema import Schema, Value

_COUNTED = ("kind", "outcome", "setting", "language", "chat_kind", "consent")


@dataclass
class Tally:
    """What was exported, for the data card."""

    taken_at: dt.datetime
    schema: Schema = PROMPTS
    records: int = 0
    first: dt.datetime | None = None
    last: dt.datetime | None = None
    people: set[Value] = field(default_factory=set)
    chats: set[Value] = field(default_factory=set)
    counts: dict[str, Counter[Value]] = field(default_factory=lambda: defaultdict(Counter))
    found: Counter[str] = field(default_factory=Counter)  # placeholders put in
    touched: int = 0  # records with at least one of them
    texts: Counter[tuple[str, str]] = field(default_factory=Counter)  # consent: version, language
    sentences: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, record: tuple[Value, ...]) -> None:
        place = self.schema.places
        at = record[place[self.schema.time]]
        if isinstance(at, dt.datetime):
            self.first = at if self.first is None else min(self.first, at)
            self.last = at if self.last is None else max(self.last, at)
        self.records += 1
        self.people.add(record[place["person"]])
        self.chats.add(record[place["chat"]])
        for name in _COUNTED:
            if name in place:
                self.counts[name][record[place[name]]] += 1
        self.touched += "masked" in place and bool(record[place["masked"]])
        version, language = record[place["consent_version"]], record[place["consent_language"]]
        if version is not None:
            self.texts[str(version), str(language)] += 1
