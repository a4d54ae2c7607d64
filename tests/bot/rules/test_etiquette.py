from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.etiquette import MINUTE, TYPING, Etiquette, EtiquetteConfig, Judgement
from tests.bot.fakes import FakeGenerator
from tests.bot.stage import NOW, Stage
from tests.bot.talking.test_group_settings import friend, newest, opened, press

ANA, BEA, GROUP, OTHER = 1, 2, -100, -200
WELCOME = Judgement("welcome")


def asked(etiquette: Etiquette, times: list[float], person: int | None = ANA, chat: int | None = GROUP) -> list[str]:
    """Verdicts on requests at these times, each with a number of its own."""
    first = sum(1000 * (person or 0) + 7 for _ in range(1)) + (chat or 0)
    return [etiquette.judge(first * 10_000 + n, person, chat, at).verdict for n, at in enumerate(times)]


# --- the rule ------------------------------------------------------------------------------------------


def test_a_person_may_ask_so_often_a_minute_and_then_again() -> None:
    etiquette = Etiquette(EtiquetteConfig(3, 0))
    assert asked(etiquette, [0, 1, 2, 3, 59.9, 60, 60.5, 61]) == [
        *["welcome"] * 3,
        *["person"] * 2,
        "welcome",
        "person",
        "welcome",
    ]


def test_one_person_leaves_room_for_the_others_of_a_chat() -> None:
    etiquette = Etiquette(EtiquetteConfig(3, 5))
    assert asked(etiquette, [0.0] * 10, ANA).count("welcome") == 3
    assert asked(etiquette, [0.0] * 10, BEA) == [*["welcome"] * 2, *["chat"] * 8]


def test_a_busy_chat_is_no_other_chats_matter() -> None:
    etiquette = Etiquette(EtiquetteConfig(0, 2))
    assert asked(etiquette, [0.0] * 3, ANA, GROUP)[-1] == "chat"
    assert asked(etiquette, [0.0] * 2, ANA, OTHER) == ["welcome", "welcome"]


def test_requests_that_were_refused_do_not_count() -> None:
    etiquette = Etiquette(EtiquetteConfig(1, 0))
    verdicts = asked(etiquette, [float(second) for second in range(61)])
    assert [second for second, verdict in enumerate(verdicts) if verdict == "welcome"] == [0, 60]


def test_it_is_said_at_most_once_a_minute() -> None:
    etiquette = Etiquette(EtiquetteConfig(1, 0))
    told = [at for at in range(200) if etiquette.judge(at, ANA, GROUP, float(at)).is_told]
    assert all(later - earlier >= MINUTE for earlier, later in pairwise(told))
    assert len(told) == 4


@pytest.mark.parametrize("config", [EtiquetteConfig(0, 0), EtiquetteConfig(2, 0)])
def test_without_a_limit_or_a_person_everything_is_welcome(config: EtiquetteConfig) -> None:
    etiquette = Etiquette(config)
    assert set(asked(etiquette, [0.0] * 100, None, GROUP)) == {"welcome"}


requests = st.lists(
    st.tuples(st.integers(0, 40), st.sampled_from([ANA, BEA, None]), st.sampled_from([GROUP, OTHER, None])), max_size=80
)


@given(requests, st.integers(1, 3), st.integers(1, 3))
def test_what_is_asked_twice_is_judged_the_same(
    made: list[tuple[int, int | None, int | None]], one: int, all_: int
) -> None:
    etiquette = Etiquette(EtiquetteConfig(one, all_))
    once = {}
    for number, person, chat in made:
        judged = etiquette.judge(number, person, chat, float(number))
        key = (number, person, chat)
        if key in once and once[key].verdict != "welcome":
            assert judged == once[key]
        once.setdefault(key, judged)


def test_a_request_that_was_welcome_stays_so_when_the_limit_is_reached() -> None:
    etiquette = Etiquette(EtiquetteConfig(2, 0))
    for number in (1, 2, 3):
        etiquette.judge(number, ANA, GROUP, 0.0)
    assert etiquette.judge(1, ANA, GROUP, 0.0) == WELCOME
    assert etiquette.judge(3, ANA, GROUP, 0.0) == Judgement("person", is_told=True)


def test_memory_is_bounded() -> None:
    etiquette = Etiquette(EtiquetteConfig(2, 2), remembered=50)
    for number in range(5_000):
        etiquette.judge(number, number % 999, -(number % 777), float(number) / 100)
    assert len(etiquette) <= 50


def test_whoever_types_may_make_several_queries_for_each_request_and_they_are_counted_apart() -> None:
    etiquette = Etiquette(EtiquetteConfig(2, 0))
    allowed = [etiquette.may_type(number, ANA, 0.0) for number in range(10)]
    assert allowed == [True] * 2 * TYPING + [False] * (10 - 2 * TYPING)
    assert etiquette.may_type(0, ANA, 0.0)  # handled again
    assert etiquette.may_type(100, BEA, 0.0)
    assert etiquette.may_type(101, ANA, MINUTE)
    assert etiquette.judge(102, ANA, None, 0.0) == WELCOME
    assert all(Etiquette(EtiquetteConfig(0, 0)).may_type(number, ANA, 0.0) for number in range(1_000))


# --- in a chat -----------------------------------------------------------------------------------------


def strict(address: str, person: int = 2, chat: int = 0) -> Stage:
    return Stage(address, FakeGenerator(), etiquette=EtiquetteConfig(person, chat))


async def test_too_many_requests_are_told_once_and_then_left_alone(address: str) -> None:
    async with strict(address) as stage:
        for _ in range(6):
            await stage.deliver_command("/seed a", chat=stage.group)
        await stage.settled(stage.group)
        assert len(await stage.prompts()) == 2
        told = [call.text for call in stage.sent(stage.group) if "quicker than I am" in (call.text or "")]
        assert len(told) == 1
        await stage.deliver_command("/seed a", chat=stage.group, date=NOW + 61)
        await stage.settled(stage.group)
        assert len(await stage.prompts()) == 3


async def test_what_people_have_a_right_to_is_never_too_much(address: str) -> None:
    async with strict(address) as stage:
        for _ in range(3):
            await stage.deliver_command("/seed a")
        await stage.settled()
        for _ in range(5):
            assert "quicker" not in await stage.ask("/privacy")
            assert "quicker" not in await stage.ask("/forget")


async def test_chatter_is_no_request(address: str) -> None:
    async with strict(address) as stage:
        for _ in range(5):
            await stage.deliver({"text": "what a day"}, chat=stage.group)
        assert (await stage.ask("/seed still", stage.group)).startswith("still")


async def test_a_press_too_many_is_answered_to_who_pressed(address: str) -> None:
    async with strict(address, person=3) as stage:
        await opened(stage, stage.group)
        assert not await press(stage, stage.group, "🌡")
        assert not await press(stage, stage.group, "0.8")
        assert "quicker than I am" in str(await press(stage, stage.group, "0.7"))
        assert (await stage.book.settings(stage.group)).temperature == 0.8
        assert not await press(stage, stage.group, "0.7", friend(stage))
        assert newest(stage, stage.group).text is not None


async def test_a_chat_too_busy_is_told_once(address: str) -> None:
    async with strict(address, person=0, chat=2) as stage:
        for _ in range(4):
            await stage.deliver_command("/seed a", chat=stage.group)
        await stage.settled(stage.group)
        assert len([call for call in stage.sent(stage.group) if "So many of you" in (call.text or "")]) == 1
        assert len(await stage.prompts()) == 2


async def test_whoever_types_too_much_is_told_above_no_results_and_nothing_is_written(address: str) -> None:
    async with strict(address, person=1) as stage:
        answers = []
        for number in range(TYPING + 1):
            asked = await stage.playground.ask_inline(stage.group, stage.you, f"once {number}")
            answers.append(await asked.answer)
        assert [len(answer.results) for answer in answers] == [*[3] * TYPING, 0]
        assert "One moment" in (answers[-1].button or "")
        assert (await stage.ask("/seed still")).startswith("still")


async def test_what_is_typed_over_costs_nothing(address: str) -> None:
    async with strict(address, person=1) as stage:
        for number in range(20):
            asked = await stage.playground.ask_inline(
                stage.group, stage.you, "once upon a time there was"[: 5 + number]
            )
        assert len((await asked.answer).results) == 3


async def test_a_guest_who_calls_too_often_is_told_once(address: str) -> None:
    async with strict(address, person=1) as stage:
        world = stage.playground.world
        elsewhere = world.add_group("Elsewhere", list(world.people.values()), with_bot=False).chat.id
        for number in range(4):
            await stage.playground.say(elsewhere, stage.you, f"@cotorra_bot tell us {number}")
        assert len(await stage.idle()) == 1
        answers = [m.text or "" for m in stage.playground.history(elsewhere) if m.guest_bot_caller_user is not None]
        assert sorted("quicker than I am" in answer for answer in answers) == [False, True]


def test_the_defaults_leave_half_of_a_group_to_others() -> None:
    config = EtiquetteConfig()
    assert 0 < config.per_person * 2 <= config.per_chat
    assert replace(config, per_chat=0).per_chat == 0
