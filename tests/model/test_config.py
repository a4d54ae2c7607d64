"""Ranges, and the temperature that a person types."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.config import NetworkConfig, SamplingConfig, check_length, parse_temperature
from model.errors import ConfigError, CotorraError


@pytest.mark.parametrize(
    ("typed", "value"), [("0.7", 0.7), ("0,7", 0.7), (" 1 ", 1.0), ("2", 2.0), ("0.05", 0.05), ("5e-1", 0.5)]
)
def test_a_temperature_in_range_is_understood(typed: str, value: float) -> None:
    assert parse_temperature(typed) == value


@pytest.mark.parametrize("typed", ["abc", "nan", "inf", "-inf", "-1", "0", "1e309", "7", "", " ", "0.049", "0,5,0"])
def test_any_other_is_refused_with_the_range(typed: str) -> None:
    with pytest.raises(ConfigError, match=r"expected a temperature from 0\.05 to 2.*got"):
        parse_temperature(typed)


@given(st.text())
def test_no_typed_text_does_anything_else(typed: str) -> None:
    try:
        value = parse_temperature(typed)
    except ConfigError:
        return
    assert 0.05 <= value <= 2


@pytest.mark.parametrize("top_p", [0, -0.1, 1.1, float("nan"), True, "1"])
def test_a_top_p_out_of_range_is_refused(top_p: float) -> None:
    with pytest.raises(ConfigError, match="top-p"):
        SamplingConfig(top_p=top_p)


@pytest.mark.parametrize("field", ["embedding", "units", "layers"])
@pytest.mark.parametrize("value", [0, -1, 10**9, 1.5, True, "2"])
def test_a_size_out_of_range_is_refused(field: str, value: int) -> None:
    with pytest.raises(ConfigError, match=f"expected {field} from 1"):
        NetworkConfig(**{field: value})


@pytest.mark.parametrize("value", [0, 4_001, -3])
def test_a_length_out_of_range_is_refused(value: int) -> None:
    with pytest.raises(ConfigError, match="expected length from 1 to 4000"):
        check_length(value)


def test_a_configuration_survives_json() -> None:
    config = NetworkConfig(8, 16, 3)
    assert NetworkConfig.from_json(config.to_json()) == config


@pytest.mark.parametrize("data", [None, [], {}, {"units": 1}, {"embedding": 1, "units": 1, "layers": 1, "x": 1}])
def test_what_is_no_configuration_is_refused(data: object) -> None:
    with pytest.raises(ConfigError, match="expected embedding, layers, units"):
        NetworkConfig.from_json(data)


def test_the_defaults_are_the_notebooks() -> None:
    assert NetworkConfig() == NetworkConfig(embedding=256, units=1024, layers=2)
    assert SamplingConfig() == SamplingConfig(temperature=0.5, top_p=1.0)
    assert issubclass(ConfigError, CotorraError)
