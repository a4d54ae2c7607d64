"""The tally of an export: what its data card tells, counted record by record."""

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from bot.log.record import NAMES, Value

_AT = {name: place for place, name in enumerate(NAMES)}


@dataclass
class Tally:
    """What was exported, for the data card."""

    taken_at: dt.datetime
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
        at = record[_AT["asked_at"]]
        if isinstance(at, dt.datetime):
            self.first = at if self.first is None else min(self.first, at)
            self.last = at if self.last is None else max(self.last, at)
        self.records += 1
        self.people.add(record[_AT["person"]])
        self.chats.add(record[_AT["chat"]])
        for name in ("kind", "outcome", "language", "chat_kind", "consent"):
            self.counts[name][record[_AT[name]]] += 1
        self.touched += bool(record[_AT["masked"]])
        version, language = record[_AT["consent_version"]], record[_AT["consent_language"]]
        if version is not None:
            self.texts[str(version), str(language)] += 1
