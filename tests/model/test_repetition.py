"""The repetition brake: what counts as a repetition, and that it ends loops."""

from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.config import SamplingConfig
from model.generator import RecurrentGenerator
from model.repetition import DEPTH, FREE, HISTORY, REACH, remember, weights
from model.sampling import Rng, Sampler

WIDTH = 8
TEXTS = st.text(alphabet="\1\2\3", max_size=60) | st.builds(
    lambda unit, times, tail: unit * times + tail,
    st.text(alphabet="\1\2\3\4", min_size=1, max_size=40),
    st.integers(1, 30),
    st.text(alphabet="\1\2\3", max_size=3),
)


def counted(recent: str) -> list[int]:
    """The definition, without haste."""
    total = [0] * WIDTH
    for lag in range(1, min(REACH, len(recent)) + 1):
        run = 0
        while run < DEPTH and run + lag < len(recent) and recent[-1 - run] == recent[-1 - run - lag]:
            run += 1
        total[ord(recent[-lag])] += max(0, run - FREE)
    return total


@given(TEXTS)
def test_the_weights_are_those_of_the_definition(text: str) -> None:
    recent = remember("", text)
    found = weights(recent, WIDTH)
    assert (np.zeros(WIDTH) if found is None else found).tolist() == counted(recent)


def test_a_dozen_of_the_same_characters_weighs_nothing_and_each_further_one_as_much() -> None:
    line = "".join(map(chr, range(1, 31)))
    assert weights(line + line[:12], 32) is None
    for same in (13, 14, 20):
        found = weights(line + line[:same], 32)
        assert found is not None
        assert found[ord(line[same])] == found.sum() == same - 12


@given(TEXTS, TEXTS)
def test_a_history_in_pieces_is_the_history_at_once(first: str, second: str) -> None:
    assert remember(remember("", first), second) == remember("", first + second)
    assert len(remember(first, second)) <= HISTORY


def test_nothing_weighs_in_a_text_without_long_repetitions() -> None:
    text = "the parrot said that the parrot in the mirror said nothing"
    assert weights(remember("", text), 128) is None


def stuck(preferred: str, brake: float, length: int = 400, temperature: float = 0.5) -> str:
    """What a network writes that always wants to go on with the same unit, by 8 nats."""
    sampler = Sampler([SamplingConfig(temperature, repetition_brake=brake)], [""])
    noise = Rng(1).gumbel_noise(length, 128)
    text = ""
    for k in range(length):
        logits = np.zeros((1, 128), np.float32)
        logits[0, ord(preferred[(preferred * 2).find(text[-1:]) + 1 if text else 0])] = 8
        ids = sampler.draw(logits, noise[k : k + 1])
        sampler.remember(ids.tolist())
        text += chr(ids[0])
    return text


@pytest.mark.parametrize("character", "a -")
def test_a_row_of_one_character_ends(character: str) -> None:
    def longest(text: str) -> int:
        return max(len(list(group)) for _, group in groupby(text))

    assert longest(stuck(character * 2, brake=0)) > 300
    assert longest(stuck(character * 2, brake=SamplingConfig().repetition_brake)) < 50


@pytest.mark.parametrize("temperature", [0.3, 0.5, 1.0])
def test_the_starter_gets_out_of_a_row_it_is_given(starter: RecurrentGenerator, temperature: float) -> None:
    for row in ("-" * 14, " " * 14, "|---|---|\n"):
        opening = starter.feed(starter.initial_state(), row)
        text = starter.generate(opening, 600, SamplingConfig(temperature), Rng(3)).text
        assert max(len(list(group)) for _, group in groupby(text)) < 50


def test_a_greedy_network_does_not_say_the_same_line_for_ever(starter: RecurrentGenerator) -> None:
    """At the lowest temperature the starter goes round in circles, unless it is braked."""

    def new_text(brake: float) -> float:
        """The share of the last thousand characters whose sixteen neighbours were not said before."""
        opening = starter.feed(starter.initial_state(), "Domingo")
        text = starter.generate(opening, 2_000, SamplingConfig(0.05, repetition_brake=brake), Rng(2)).text
        return sum(text.find(text[k : k + 16]) == k for k in range(1_000, 1_984)) / 984

    assert new_text(0) < 0.05
    assert new_text(SamplingConfig().repetition_brake) > 0.4
