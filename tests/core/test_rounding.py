"""The one rounding rule, judged by Python's decimal: halves away from zero, whatever the size, the sign and the unit."""

from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest

from cnn_core.walks.counts import MOST_PLACES, decimals_of, grid_of
from cnn_core.walks.rounding import ends, equals, places_of, rounded, shortened, write, write_digits
from tests.numbers_written import CASES, value


def by_decimal(number, places):
    """A Fraction with an end, or a Decimal, rounded by the judge to a Fraction."""
    with localcontext(prec=400):
        decimal = number if isinstance(number, Decimal) else Decimal(number.numerator) / Decimal(number.denominator)
        return Fraction(decimal.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


@pytest.mark.parametrize("places", [0, 1, 2, 3, 8])
def test_numbers_are_written_as_decimal_rounds_them(places):
    for count, scale in CASES:
        text = write(count, scale, places)
        assert value(text) == by_decimal(Fraction(count, scale), places), (count, scale)
        assert abs(value(text) - Fraction(count, scale)) <= Fraction(1, 2 * 10**places)
        assert text == "0" or not ("." in text and text.endswith(("0", ".")))
        assert not text.startswith("-")


def test_ties_go_away_from_zero():
    assert write(10_050, 10_000, 2) == "1.01"
    assert write(-10_050, 10_000, 2) == "−1.01"
    assert write(525, 10_000, 3) == "0.053"
    assert write(5, 10, 0) == "1"
    assert write(25, 10, 0) == "3"
    assert write(-4, 10, 0) == "0"


def test_a_number_with_an_end_is_written_in_full_and_one_without_to_half_a_unit():
    for count, scale in CASES:
        exact, text = Fraction(count, scale), write(count, scale)
        if equals(count, scale) == "=":
            assert value(text) == exact
            continue
        rest = exact.denominator
        for factor in (2, 5):
            while rest % factor == 0:
                rest //= factor
        assert rest > 1
        decimals = text.partition(".")[2]
        assert len(decimals.lstrip("0") if abs(exact) < Fraction(1, 10) else decimals) <= 3
        places = 3 if abs(exact) >= Fraction(1, 10) else max(3, len(decimals))
        assert abs(value(text) - exact) <= Fraction(1, 2 * 10**places)
        assert text != "0"


def test_tiny_means_keep_three_digits():
    assert (write(11, 90_000), equals(11, 90_000)) == ("0.000122", "≈")
    assert write(-1, 9 * 10**7) == "−0.0000000111"
    assert write(1, 9) == "0.111"
    assert write(1000, 9) == "111.111"
    assert (write(3150, 60_000), equals(3150, 60_000)) == ("0.0525", "=")  # a sixth of it is no third


def test_numbers_that_are_no_counts_follow_the_same_rule():
    assert write_digits(1.2345, 4) == "1.235"
    assert write_digits(-1.2345, 4) == "−1.235"
    assert write_digits(1.2344999, 4) == "1.234"
    assert write_digits(0.00012345, 4) == "0.0001235"
    assert write_digits(123_456.5, 4) == "123457"
    assert write_digits(0.0, 4) == write_digits(-0.0, 4) == "0"
    assert write_digits(9.9996, 4) == "10"
    assert value(write_digits(2.5e-200, 2)) == Fraction(5, 2 * 10**200)
    rng = np.random.default_rng(0)
    for number in (rng.normal(size=2000) * 10.0 ** rng.integers(-9, 9, 2000)).tolist():
        first = Decimal(number).adjusted()
        assert value(write_digits(number, 4)) == by_decimal(Decimal(number), max(0, 3 - first))


def test_places_are_those_of_the_twos_and_fives():
    assert [places_of(scale) for scale in (1, 2, 4, 5, 9, 40, 90, 10**8, 49 * 10**11, 10**22)] == [
        *(0, 1, 2, 1, 0, 3, 1, 8, 11, 22)
    ]
    assert [ends(*number) for number in ((1, 3), (3, 3), (2, 6), (3, 6), (0, 7))] == [False, True, False, True, True]


def test_what_is_shortened_is_right_to_half_a_unit_and_never_a_bare_zero():
    for count, scale in CASES:
        texts = shortened(count, scale)
        assert texts[0] == write(count, scale)
        assert [len(text) for text in texts] == sorted({len(text) for text in texts}, reverse=True)
        for text in texts:
            if text == "≈0":
                assert 0 < abs(count) < scale
            elif "e" in text:
                place = int(text.partition("e−")[2])
                assert abs(value(text) - Fraction(count, scale)) <= Fraction(1, 2 * 10**place)
            else:
                places = len(text.partition(".")[2])
                assert (text == "0") == (count == 0)
                assert abs(value(text) - Fraction(count, scale)) <= Fraction(1, 2 * 10**places)
    assert shortened(-4, 10_000) == ["−0.0004", "−4e−4", "≈0"]
    assert shortened(123_456_789, 1000) == ["123456.789", "123456.79", "123456.8", "123457"]


def test_arrays_are_rounded_as_the_decimals_that_they_stand_for():
    rng = np.random.default_rng(0)
    for places in range(5):
        numbers = rng.integers(-(10**6), 10**6, 3000) * 5  # in units of one decimal more: a tenth of them are ties
        array = numbers / 10 ** (places + 1)
        wanted = [by_decimal(Decimal(repr(float(x))), places) * 10**places for x in array]
        np.testing.assert_array_equal(rounded(array, places), np.array(wanted, dtype=float))
    assert rounded(np.array([1.005, -2.675, 0.5, -0.5, 0.4]), 2).tolist() == [101, -268, 50, -50, 40]
    assert not np.signbit(rounded(np.array([-0.001]), 2)).any()
    large = np.array([2.0**51 + 1, 2.0**52 + 1, 2.0**53 - 1])
    np.testing.assert_array_equal(rounded(large, 0), large)


def test_the_largest_number_says_how_many_decimals_are_kept():
    def kept(decimals, *numbers):
        return decimals_of("x", np.array(numbers), decimals)

    assert kept(8, 1e-7) == 7  # not a walk over zeros
    assert kept(4, 1e-7) == 7
    assert kept(4, 2 / 3 * 1e-6) == 10
    assert kept(4, 2 / 3) == kept(4, 200 / 3) == kept(4, 0.1 + 1 / 3000) == 4
    assert kept(4, 2 / 30) == 5
    assert kept(4, 1, 1e-7) == 0  # rounded to four decimals, as asked
    assert kept(8, 1, 1e-7) == 7
    assert kept(4, 0.1 + 0.2) == 1  # what float64 leaves behind is no digit
    assert kept(4, 2.00005) == 4
    assert kept(8, 1e6 + 0.12345678) == 8
    assert kept(8, 123_456_789_012.5) == 1
    assert kept(4, 0.0) == 0
    assert kept(4, 2 / 3 * 1e-9) == MOST_PLACES
    for decimals in (-1, MOST_PLACES + 1):
        with pytest.raises(ValueError, match=rf"decimals \(={decimals}\) must be"):
            kept(decimals, 1.0)
    for small in (1e-12, 1e-300):
        with pytest.raises(ValueError, match="must hold larger numbers"):
            kept(4, small)
    for large in (2.0**53, 1e308):
        with pytest.raises(ValueError, match="must stay below"):
            kept(4, large)


def test_large_numbers_are_exact_or_refused():
    exact = np.array([1e6 + 0.12345678])
    assert grid_of(exact, 8).counts.tolist() == [100_000_012_345_678]
    with pytest.raises(ValueError, match="use smaller numbers or fewer decimals"):
        grid_of(np.array([1e8 + 0.25]), 8)
