"""The probe: what it makes of a quiet machine, of one that is busy for a moment, and of one that stays busy."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain, repeat

import pytest

from trainer.probe import Timing, measure_speed, shortest

QUIET, SLOWER = Timing(2e-5, 1.9), Timing(2.5e-5, 1.9)
BUSY = Timing(4e-5, 1.0)


class Machine:
    """Measurements as they are to come, each of a tenth of a second by its own clock."""

    def __init__(self, *timings: Sequence[Timing]) -> None:
        self.taken: list[int] = []
        self._timings = [chain(own, repeat(own[-1])) for own in timings]

    def stopwatches(self) -> list[Callable[[], Timing]]:
        return [partial(self._take, place, own) for place, own in enumerate(self._timings)]

    def clock(self) -> float:
        return len(self.taken) / 10

    def _take(self, place: int, own: Iterator[Timing]) -> Timing:
        self.taken.append(place)
        return next(own)


def test_a_quiet_machine_is_measured_a_few_times_in_turns() -> None:
    machine = Machine([QUIET], [SLOWER])
    assert shortest(machine.stopwatches(), 2, machine.clock, 1) == [QUIET, SLOWER]
    assert machine.taken == [0, 1] * 4


def test_a_busy_moment_leaves_no_trace() -> None:
    for busy in ([BUSY] * 20, [QUIET] * 3 + [BUSY] * 20, [BUSY, Timing(3e-5, 1.4)] * 8):
        machine = Machine([*busy, QUIET], [SLOWER])
        assert shortest(machine.stopwatches(), 2, machine.clock, 1) == [QUIET, SLOWER]


def test_one_lucky_measurement_is_tried_again() -> None:
    machine = Machine([Timing(1e-5, 1.9), QUIET, QUIET, QUIET, QUIET, Timing(1.01e-5, 1.9)], [SLOWER])
    assert shortest(machine.stopwatches(), 2, machine.clock, 1)[0].seconds == 1e-5
    assert machine.taken == [0, 1] * 6


def test_a_machine_that_stays_busy_is_taken_as_it_is_after_some_seconds() -> None:
    machine = Machine([BUSY], [SLOWER])
    assert shortest(machine.stopwatches(), 2, machine.clock, 1) == [BUSY, SLOWER]
    assert 5 < machine.clock() < 7


@pytest.mark.parametrize(("minutes", "seconds"), [(3, 18), (5, 30), (600, 60)])
def test_a_longer_run_waits_longer_for_a_quiet_moment_but_no_more_than_a_minute(minutes: float, seconds: float) -> None:
    """Each round takes two measurements of a tenth of a second."""
    rounds = round(seconds / 0.2)
    machine = Machine([*[BUSY] * (rounds - 2), QUIET], [SLOWER])
    assert shortest(machine.stopwatches(), 2, machine.clock, minutes) == [QUIET, SLOWER]
    machine = Machine([*[BUSY] * (rounds + 2), QUIET], [SLOWER])
    assert shortest(machine.stopwatches(), 2, machine.clock, minutes) == [BUSY, SLOWER]


def test_where_the_processor_does_not_tell_the_shortest_is_enough() -> None:
    machine = Machine([Timing(2e-5, 0.1)], [SLOWER])
    shortest(machine.stopwatches(), 0, machine.clock, 1)
    assert machine.taken == [0, 1] * 4


def test_more_weights_take_longer() -> None:
    said: list[str] = []
    speed = measure_speed(1, said.append)
    assert speed.at_least >= 0
    assert speed.per_million > 0
    assert all("something else keeps this machine busy: training had " in line for line in said)
