"""State to bytes and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import StateError
from model.repetition import HISTORY
from model.state import State

WEIGHTS = "0123456789abcdef" * 2
INITIAL = State(WEIGHTS, np.zeros((2, 2, 4), np.float32))
SOME = State(WEIGHTS, np.arange(16, dtype=np.float32).reshape(2, 2, 4), "\3\ud800\5")


@pytest.mark.parametrize("state", [INITIAL, SOME])
def test_a_state_survives_its_bytes(state: State) -> None:
    again = State.from_bytes(state.to_bytes(), INITIAL)
    assert again == state
    assert (again.recent, again.pending) == (state.recent, state.pending)
    assert np.array_equal(again.hidden, state.hidden)


def test_two_layers_of_1024_take_at_most_20_kilobytes() -> None:
    assert len(State(WEIGHTS, np.zeros((2, 2, 1024), np.float32), HISTORY * chr(7)).to_bytes()) <= 20 * 1024


def test_a_state_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        SOME.hidden[0, 0, 0] = 1


def test_a_state_of_other_weights_is_refused() -> None:
    other = State("f" * 32, np.zeros((2, 2, 4), np.float32))
    with pytest.raises(StateError, match="of these weights"):
        State.from_bytes(SOME.to_bytes(), other)


def test_a_state_of_another_shape_is_refused() -> None:
    other = State(WEIGHTS, np.zeros((1, 2, 8), np.float32))
    with pytest.raises(StateError, match="of these weights"):
        State.from_bytes(SOME.to_bytes(), other)


def test_a_later_version_is_refused() -> None:
    data = bytearray(SOME.to_bytes())
    data[4] = 9
    with pytest.raises(StateError, match="version 2, got 9"):
        State.from_bytes(bytes(data), INITIAL)


def test_a_history_of_no_ids_is_refused() -> None:
    data = bytearray(SOME.to_bytes())
    start = len(data) - SOME.hidden.nbytes
    data[start - 4 : start] = b"\xff" * 4
    with pytest.raises(StateError, match="start again from a seed"):
        State.from_bytes(bytes(data), INITIAL)


def test_numbers_that_are_none_are_refused() -> None:
    data = SOME.to_bytes()[:-4] + np.float32(np.nan).tobytes()
    with pytest.raises(StateError, match="finite"):
        State.from_bytes(data, INITIAL)


@given(st.binary(max_size=200) | st.integers(0, len(SOME.to_bytes()) - 1).map(lambda n: SOME.to_bytes()[:n]))
def test_any_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(StateError, match="expected"):
        State.from_bytes(data, INITIAL)
