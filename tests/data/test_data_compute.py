import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayes_scaling.data.compute import SI_PREFIXES, parse_compute, parse_count
from bayes_scaling.errors import DataError

DAY = 86_400


@pytest.mark.parametrize(
    ("value", "flop"),
    [
        (3e21, 3e21),
        (3, 3.0),
        (np.float64(2.5), 2.5),
        (np.int64(7), 7.0),
        ("3e21", 3e21),
        (" 3E+21 ", 3e21),
        ("3 ZFLOP", 3e21),
        ("3 ZFLOPs", 3e21),
        ("3ZFLOPS", 3e21),
        ("2.3 ZFLOP", 2.3e21),
        ("2.3e22 FLOP", 2.3e22),
        (".5 kFLOP", 500.0),
        ("2 KFLOP", 2e3),
        ("2 MFLOP", 2e6),
        ("2 GFLOP", 2e9),
        ("2 TFLOP", 2e12),
        ("2 PFLOP", 2e15),
        ("2 EFLOP", 2e18),
        ("2 YFLOP", 2e24),
        ("2 RFLOP", 2e27),
        ("40 PF-days", 40e15 * DAY),
        ("1 PF-day", 1e15 * DAY),
        ("1.5 PFLOP/s-days", 1.5e15 * DAY),
        ("1.5 PFLOP/s * day", 1.5e15 * DAY),
        ("1.5 PFLOPs-days", 1.5e15 * DAY),
        ("2 petaflop/s-days", 2e15 * DAY),
        ("3 zettaFLOP", 3e21),
        ("3 EFLOP/s-hours", 3e18 * 3600),
    ],
)
def test_compute_in_flop(value, flop):
    assert parse_compute(value) == flop


@pytest.mark.parametrize(
    "value",
    ["", "many", "1.3B", "3 zFLOP", "3 mFLOP", "3 ZB", "PFLOP", "3 ZFLOP 4", "1,00", "0,100",
     "0x10", "40 PF-days/2", None, True, [1.0], {"a": 1}, np.bool_(True)],
)  # fmt: skip
def test_nonsense_is_said(value):
    with pytest.raises(DataError, match=r"isn't an amount of compute: write FLOP as a number"):
        parse_compute(value)


@pytest.mark.parametrize("value", ["40 PF", "1.5 PFLOP/s"])
def test_a_rate_without_a_time(value):
    with pytest.raises(DataError, match="is a rate, not an amount of compute"):
        parse_compute(value)


@pytest.mark.parametrize(
    "value", [0, -1.0, math.nan, math.inf, "-3 ZFLOP", "0 FLOP", "1e9999", 10**400]
)
def test_not_positive_or_not_finite(value):
    with pytest.raises(DataError, match="compute must be positive and finite"):
        parse_compute(value)


@pytest.mark.parametrize(
    ("value", "count"),
    [
        ("1.3B", 1.3e9),
        ("300M", 3e8),
        ("1.4T", 1.4e12),
        ("70K", 7e4),
        ("70m", 7e7),
        ("2.22 B", 2.22e9),
        ("7 billion", 7e9),
        ("542.4 B tokens", 5.424e11),
        ("18,900,000", 1.89e7),
        ("18 900 000", 1.89e7),
        ("18'900'000", 1.89e7),
        ("18.900.000", 1.89e7),
        ("1.2 x 10^9", 1.2e9),
        ("111000000", 1.11e8),
        (1.3e9, 1.3e9),
        (70, 70.0),
    ],
)
def test_counts(value, count):
    assert parse_count(value) == count


@pytest.mark.parametrize("value", ["", "big", "1.3G", "300M cats", "1,3B", None, True, [3]])
def test_nonsense_counts(value):
    with pytest.raises(DataError, match=r"isn't a count: write a number \(1\.3e9\)"):
        parse_count(value)


@pytest.mark.parametrize("value", [0, -5, "-3B", math.nan, math.inf])
def test_counts_out_of_range(value):
    with pytest.raises(DataError, match="a count must be positive and finite"):
        parse_count(value)


@given(st.floats(min_value=1e-3, max_value=1e30))
def test_numbers_and_their_text_are_the_same(x):
    assert parse_compute(x) == x
    assert parse_compute(repr(x)) == x
    assert parse_compute(f"{x!r} FLOP") == x
    assert parse_count(repr(x)) == x


@given(
    st.decimals(min_value="0.001", max_value=9999, places=3),
    st.sampled_from(sorted(SI_PREFIXES.items())),
)
def test_a_prefix_is_a_power_of_ten_exactly(number, prefix):
    symbol, power = prefix
    assert parse_compute(f"{number} {symbol}FLOP") == float(f"{number}e{power}")
    days = parse_compute(f"{number} {symbol}FLOP/s-days")
    assert days == pytest.approx(float(f"{number}e{power}") * DAY, rel=1e-15)
