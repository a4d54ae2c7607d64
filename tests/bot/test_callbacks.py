import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.callbacks import LONGEST, Callback, Callbacks
from bot.errors import CallbackRefused

callbacks = st.builds(
    Callback,
    st.from_regex(r"[a-z.]{1,12}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9_,-]{0,22}", fullmatch=True),
    st.none() | st.integers(0, 2**52 - 1),
)
chats = st.none() | st.integers(-(2**53), 2**53)
OURS = Callbacks("123456:ours")


@given(callbacks, chats)
def test_what_is_written_is_read_back_in_its_chat(callback: Callback, chat: int | None) -> None:
    data = OURS.data(callback, chat)
    assert len(data.encode()) <= LONGEST
    assert OURS.read(data, chat) == callback


@given(callbacks, chats, chats)
def test_it_means_nothing_elsewhere_or_to_another_bot(callback: Callback, here: int | None, there: int | None) -> None:
    data = OURS.data(callback, here)
    with pytest.raises(CallbackRefused):
        Callbacks("123456:another").read(data, here)
    if here != there:
        with pytest.raises(CallbackRefused):
            OURS.read(data, there)


@given(callbacks, st.data())
def test_one_character_altered_and_it_means_nothing(callback: Callback, data: st.DataObject) -> None:
    written = OURS.data(callback, 5)
    at = data.draw(st.integers(0, len(written) - 1))
    character = data.draw(st.characters(codec="ascii").filter(lambda c: c != written[at]))
    with pytest.raises(CallbackRefused):
        OURS.read(written[:at] + character + written[at + 1 :], 5)


@given(st.text(st.characters(), max_size=70))
def test_whatever_comes_is_refused_with_a_sentence(data: str) -> None:
    with pytest.raises(CallbackRefused, match="from another time"):
        OURS.read(data, 5)


@pytest.mark.parametrize(
    "callback", [Callback("Upper"), Callback("a", "x" * 23), Callback("a", "ñ"), Callback("a", "", -1)]
)
def test_what_would_not_fit_is_not_written(callback: Callback) -> None:
    with pytest.raises(ValueError, match="expected"):
        OURS.data(callback, 5)


@pytest.mark.parametrize("argument", ["", "-", "1-", "1", "1-2-3", "x-1", "1-" + "9" * 19, "²-1", "٣-1"])
def test_an_argument_that_is_not_so_many_numbers_is_an_older_versions(argument: str) -> None:
    with pytest.raises(CallbackRefused):
        Callback("duel.vote", argument).numbers(2)
    assert Callback("duel.vote", "17-1").numbers(2) == [17, 1]
