"""Whatever Telegram may bring for games, inline mode, guests and reactions: nothing fails, nobody is told nonsense."""

import asyncio
import logging
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bot.fakes import FakeGenerator, FakeLoader
from tests.bot.stage import Stage

ids = st.one_of(st.integers(1, 2**52), st.just(2**63 - 1))
names = st.one_of(st.text(min_size=1, max_size=20), st.sampled_from(["@everyone", "\u202eevil", "<b>x</b>", "مريم"]))
words = st.one_of(
    st.text(max_size=80), st.sampled_from(["@cotorra_bot", "@COTORRA_BOT go on", "a\ud800b", "\u200b", " "])
)
people = st.fixed_dictionaries(
    {"id": ids, "is_bot": st.just(False), "first_name": names},
    optional={"username": names, "language_code": st.sampled_from(["es", "pt-BR", "xx", ""])},
)
groups = st.fixed_dictionaries(
    {"id": ids.map(lambda number: -number), "type": st.sampled_from(["group", "supergroup"]), "title": names}
)
reactions = st.lists(
    st.one_of(
        st.sampled_from(["👍", "❤", "x"]).map(lambda emoji: {"type": "emoji", "emoji": emoji}),
        st.just({"type": "paid"}),
        st.just({"type": "of the future"}),
        st.just({"type": "custom_emoji", "custom_emoji_id": "5"}),
    ),
    max_size=3,
)
replied = st.fixed_dictionaries(
    {"message_id": st.just(4), "date": st.just(1), "chat": groups}, optional={"from": people, "text": words}
)
updates = st.one_of(
    st.tuples(
        st.just("poll_answer"),
        st.fixed_dictionaries(
            {
                "poll_id": st.sampled_from(["", "1", "x" * 90]),
                "option_ids": st.lists(st.integers(-1, 12), max_size=3),
                "option_persistent_ids": st.just([]),
            },
            optional={"user": people, "voter_chat": groups},
        ),
    ),
    st.tuples(
        st.just("inline_query"),
        st.fixed_dictionaries({"id": st.just("1"), "from": people, "query": words, "offset": st.just("")}),
    ),
    st.tuples(
        st.just("chosen_inline_result"),
        st.fixed_dictionaries(
            {"result_id": st.one_of(words, st.just("1.0.7.01234567")), "from": people, "query": words},
            optional={"inline_message_id": st.sampled_from(["", "abc"])},
        ),
    ),
    st.tuples(
        st.just("message_reaction"),
        st.fixed_dictionaries(
            {
                "chat": groups,
                "message_id": st.integers(-5, 2**40),
                "date": st.just(1_780_000_000),
                "old_reaction": reactions,
                "new_reaction": reactions,
            },
            optional={"user": people, "actor_chat": groups},
        ),
    ),
    st.tuples(
        st.just("guest_message"),
        st.fixed_dictionaries(
            {"message_id": st.just(5), "date": st.just(1), "chat": groups},
            optional={"from": people, "text": words, "guest_query_id": st.just("9"), "reply_to_message": replied},
        ),
    ),
)
commands = st.tuples(
    st.sampled_from(["/quiz", "/top", "/duel", "/surprise"]), st.text(st.characters(), max_size=60), st.booleans()
)


class _Errors(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@settings(max_examples=10, deadline=None)
@given(st.lists(updates, min_size=40, max_size=40), st.lists(commands, min_size=6, max_size=6))
def test_nothing_odd_fails(odd: list[tuple[str, dict[str, Any]]], asked: list[tuple[str, str, bool]]) -> None:
    async def evening(address: str) -> None:
        generator = FakeGenerator()
        lines = (
            "A line that somebody wrote, and 👩‍👩‍👧 nobody read.",
            "@everyone call +34 600 000 000 or http://a.example/x",
        )
        async with Stage(address, generator, loader=FakeLoader(generator, lines=lines)) as stage:
            for kind, content in odd:
                await stage.deliver_update(kind, content)
            for command, text, anonymous in asked:
                await stage.deliver_command(f"{command} {text}", chat=stage.group, anonymous=anonymous)
            await stage.idle()
            assert not any("Sorry" in (call.text or "") for call in stage.sent())
            calls = stage.playground.calls
            for call in [*calls.of("sendPoll"), *calls.of("sendPhoto"), *calls.of("sendMessage")]:
                assert call.status == 200
            assert not any("@everyone" in call.parameters["options"] for call in calls.of("sendPoll"))

    errors = _Errors()
    logging.getLogger("bot").addHandler(errors)
    try:
        with TemporaryDirectory() as folder:
            asyncio.run(evening(f"sqlite:///{Path(folder) / 'bot.sqlite'}"))
    finally:
        logging.getLogger("bot").removeHandler(errors)
    assert errors.lines == []
