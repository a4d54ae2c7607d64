"""Column types that mean the same on SQLite and on PostgreSQL: ids, times, texts."""

import datetime as dt

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Text, TypeDecorator

from bot.text import clean

# SQLite's INTEGER holds 64 bits anyway, and only INTEGER may count up by itself as a primary key.
BigId = BigInteger().with_variant(Integer, "sqlite")


class UtcTime(TypeDecorator[dt.datetime]):
    """Aware times in UTC; SQLite, which knows no zones, keeps them as naive UTC.

    Raises ValueError for a naive time.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("expected an aware time, got a naive one")
        value = value.astimezone(dt.UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


class CleanText(TypeDecorator[str]):
    """Any text: NUL, other controls and lone surrogates, which databases refuse, become U+FFFD."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else clean(value)
