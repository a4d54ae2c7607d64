"""Plans and schedules."""

import pytest

from model.config import NetworkConfig
from model.errors import ConfigError
from trainer.plan import TWO_CORES, Speed, TrainingConfig, make_plan
from trainer.schedule import learning_rate


def test_the_notebook_preset_is_the_notebook() -> None:
    plan = make_plan("notebook", 1_000_000)
    assert plan.network == NetworkConfig(embedding=256, units=1024, layers=2)
    assert (plan.training.batch_size, plan.training.sequence_length) == (64, 100)
    assert (plan.training.optimizer, plan.training.learning_rate) == ("adam", 1e-3)
    assert plan.training.recurrent_initializer == "glorot_uniform"
    assert plan.training.dropout == plan.training.unknown_rate == plan.training.clip_norm == 0
    assert (plan.epochs, plan.minutes) == (50, None)


def test_more_time_and_text_choose_a_larger_network() -> None:
    sizes = [make_plan("auto", 1_000_000, minutes).network for minutes in (0.1, 3, 600)]
    weights = [size.units**2 * size.layers for size in sizes]
    assert weights == sorted(weights)
    assert len(set(weights)) == 3


def test_a_text_too_long_to_be_read_often_is_no_reason_for_a_small_network() -> None:
    for minutes in (3, 10, 600):
        units = [make_plan("auto", characters, minutes).network.units for characters in (1_000_000, 10**7, 10**9)]
        assert units == sorted(units)
    assert make_plan("auto", 10**9, 600).network.layers == 2
    assert "about 0.0058 passes over 1,000,000,000 characters in 3 minutes" in make_plan("auto", 10**9, 3).reason


def test_a_faster_machine_chooses_a_larger_network() -> None:
    speeds = [Speed(TWO_CORES.at_least * factor, TWO_CORES.per_million * factor) for factor in (8, 1, 1 / 8)]
    plans = [make_plan("auto", 1_000_000, 3, measure_speed=lambda minutes, speed=speed: speed) for speed in speeds]
    units = [plan.network.units for plan in plans]
    assert units == sorted(set(units))
    assert all("characters a second on this machine" in plan.reason for plan in plans[1:])


def test_the_machine_is_measured_only_where_the_plan_depends_on_it() -> None:
    def nobody(minutes: float) -> Speed:
        raise AssertionError("expected nobody to measure")

    make_plan("auto", 1_000_000, epochs=3, measure_speed=nobody)
    make_plan("notebook", 1_000_000, minutes=3, measure_speed=nobody)
    make_plan("auto", 1_000_000, minutes=0.1, measure_speed=nobody)


def test_what_measures_the_machine_is_told_how_long_the_run_is() -> None:
    told: list[float] = []

    def measure(minutes: float) -> Speed:
        told.append(minutes)
        return TWO_CORES

    make_plan("auto", 1_000_000, minutes=3, measure_speed=measure)
    make_plan("small", 1_000_000, measure_speed=measure)
    assert told == [3, 10]


def test_the_speed_of_a_machine_is_the_line_through_two_networks() -> None:
    speed = Speed.through([(0.1, 3e-5), (0.9, 7e-5)])
    assert (speed.at_least, speed.per_million) == (pytest.approx(2.5e-5), pytest.approx(5e-5))
    noisy = Speed.through([(0.1, 7e-5), (0.9, 3e-5)])
    assert noisy.at_least >= 0
    assert noisy.per_million > 0


def test_what_is_seen_more_often_is_learned_with_more_dropout_and_noise() -> None:
    few, some, many = (make_plan("small", 1_000_000, epochs=passes).training for passes in (2, 10, 30))
    assert few.dropout < some.dropout < many.dropout
    assert few.unknown_rate < some.unknown_rate < many.unknown_rate == 0.02


def test_without_a_limit_it_is_ten_minutes() -> None:
    assert make_plan("small", 1_000).minutes == 10


@pytest.mark.parametrize(
    ("preset", "minutes", "epochs"),
    [("huge", None, None), ("tiny", 1.0, 1), ("tiny", 0, None), ("tiny", float("nan"), None), ("tiny", None, 0)],
)
def test_what_cannot_be_planned_is_refused(preset: str, minutes: float | None, epochs: int | None) -> None:
    with pytest.raises(ConfigError, match="expected"):
        make_plan(preset, 1_000, minutes, epochs)


@pytest.mark.parametrize(
    "field",
    [
        {"batch_size": 0},
        {"learning_rate": -1.0},
        {"dropout": 1.0},
        {"seed": -1},
        {"reset_probability": 2},
        {"warm_up": 1},
        {"weight_decay": float("nan")},
        {"schedule": "cosine"},
        {"optimizer": "sgd"},
    ],
)
def test_a_rate_out_of_range_is_refused(field: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=f"expected (a )?{next(iter(field)).replace('_', '.')}"):
        TrainingConfig(**field)  # type: ignore[arg-type]


def test_a_configuration_survives_json() -> None:
    config = TrainingConfig(dropout=0.3, keep="last")
    assert TrainingConfig.from_json(config.to_json() | {"minutes": 3}) == config


def test_the_rate_warms_up_and_ends_at_zero() -> None:
    config = TrainingConfig(learning_rate=1.0, warm_up=0.1)
    assert learning_rate(config, 0.05) == pytest.approx(0.5)
    assert learning_rate(config, 0.1) == pytest.approx(1.0)
    assert learning_rate(config, 0.55) == pytest.approx(0.5)
    assert learning_rate(config, 1.0) == learning_rate(config, 1.2) == 0


def test_a_constant_rate_is_constant() -> None:
    config = TrainingConfig(learning_rate=1e-3, schedule="constant")
    assert {learning_rate(config, share / 10) for share in range(11)} == {1e-3}
