import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.incoming.order import Lanes


def lanes(*chats: int | None) -> Lanes:
    made = Lanes()
    for place, chat in enumerate(chats):
        made.add(place, chat)
    return made


def test_a_chat_has_one_place_in_hand_and_its_next_one_after_it() -> None:
    made = lanes(5, 5)
    assert (made.take(), made.take()) == (0, None)
    made.done(0)
    assert made.take() == 1


def test_a_flood_in_one_chat_keeps_no_other_waiting() -> None:
    made = lanes(*[5] * 1_000, 6, 7)
    assert [made.take() for _ in range(4)] == [0, 1_000, 1_001, None]


def test_chats_take_turns() -> None:
    made = lanes(5, 5, 5, 6)
    first = made.take()
    assert first == 0
    made.done(first)
    assert [made.take(), made.take()] == [3, 1]


def test_a_place_that_wants_another_turn_stays_the_first_of_its_chat() -> None:
    made = lanes(5, 5)
    made.again(made.take() or 0)
    assert (made.take(), made.take()) == (0, None)


def test_what_belongs_to_no_chat_waits_for_nothing() -> None:
    made = lanes(None, None)
    assert (made.take(), made.take()) == (0, 1)


@given(st.lists(st.tuples(st.sampled_from([1, 2, 3, None]), st.sampled_from(["done", "again"])), max_size=40))
def test_every_place_comes_once_and_each_chat_in_order(script: list[tuple[int | None, str]]) -> None:
    made = lanes(*(chat for chat, _ in script))
    again = {place for place, (_, fate) in enumerate(script) if fate == "again"}
    seen: list[int] = []
    while (place := made.take()) is not None:
        if place in again:
            again.discard(place)
            made.again(place)
        else:
            made.done(place)
            seen.append(place)
    assert sorted(seen) == list(range(len(script)))
    for chat in (1, 2, 3):
        of_chat = [place for place in seen if script[place][0] == chat]
        assert of_chat == sorted(of_chat)
    assert len(made) == 0


@pytest.mark.parametrize("chat", [5, 6, None])
def test_a_lane_knows_how_long_it_is(chat: int | None) -> None:
    assert lanes(5, 5, None).length(chat) == (2 if chat == 5 else 0)
