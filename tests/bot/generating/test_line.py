from hypothesis import given
from hypothesis import strategies as st

from bot.generating.line import Line


def drained(line: Line[str]) -> list[str]:
    """Everybody, let in one after another, each leaving at once."""
    order = []
    while (item := line.let_in()) is not None:
        order.append(item)
        line.remove(item)
    return order


def filled(*chats: str, most_of_one: int = 4) -> Line[str]:
    line: Line[str] = Line(most_of_one)
    for number, chat in enumerate(chats):
        line.append(f"{chat}{number}", chat)
    return line


def test_chats_take_turns() -> None:
    assert drained(filled("a", "a", "a", "a", "b", "c")) == ["a0", "b4", "c5", "a1", "a2", "a3"]


def test_a_chat_has_only_so_many_inside() -> None:
    line = filled("a", "a", "a", "b", most_of_one=2)
    assert [line.let_in() for _ in range(4)] == ["a0", "b3", "a1", None]
    line.remove("a1")
    assert line.let_in() == "a2"


def test_the_last_room_is_for_chats_that_have_none() -> None:
    line = filled("a", "a", "b")
    assert line.let_in() == "a0"
    assert [line.let_in(is_tight=True) for _ in range(2)] == ["b2", None]
    assert line.let_in() == "a1"


def test_whoever_leaves_the_line_is_not_let_in() -> None:
    line = filled("a", "b", "a")
    line.remove("a0")
    line.remove("nobody")
    assert drained(line) == ["a2", "b1"]
    assert (line.waiting, line.inside) == (0, 0)


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=12), st.data())
def test_ahead_counts_those_who_are_let_in_before(chats: list[str], data: st.DataObject) -> None:
    line = filled(*chats)
    for _ in range(data.draw(st.integers(0, len(chats) - 1))):
        line.remove(str(line.let_in()))
    item = data.draw(st.sampled_from([f"{chat}{number}" for number, chat in enumerate(chats)]))
    ahead, order = line.ahead(item), drained(line)
    assert ahead == (order.index(item) if item in order else 0)
