"""Every finite number can be written, from the smallest that float64 holds to the largest: judged by Python's decimal."""

from decimal import Decimal, localcontext

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from cnn_core.explorer import Explanation, Factors, Sum, Tensor
from cnn_core.explorer.terms import Known
from cnn_core.walks.rounding import rounded, write_digits
from pages.figures.sheets import round_reach
from pages.figures.written_number import brief
from pages.figures.written_steps import with_digits, written_steps
from pages.figures.written_sum import written_sum

SMALLEST, LARGEST = 5e-324, 1.7e308
finite = st.floats(-LARGEST, LARGEST, allow_subnormal=True)
tiny = st.floats(-1e-300, 1e-300, allow_subnormal=True)
numbers = st.one_of(finite, tiny, st.sampled_from([0.0, -0.0, SMALLEST, -SMALLEST, 2.2e-308, LARGEST, -LARGEST]))


def decimal(text):
    return Decimal(text.replace("−", "-"))


def close(text, number, digits):
    """Whether this is the number with so many digits, rounded to the nearest."""
    exact = Decimal(number)
    if not exact:
        return decimal(text) == 0
    unit = Decimal(1).scaleb(exact.adjusted() - digits + 1)
    return abs(decimal(text) - exact) <= unit * Decimal("0.500001")


@given(numbers)
@example(1e-310)
@example(SMALLEST)
@example(-LARGEST)
def test_every_finite_number_is_written_with_its_first_digits(number):
    with localcontext(prec=800):
        assert close(brief(number), number, 4)
        assert close(write_digits(number, 4), number, 4)
        for digits in (6, 15):
            text, value = with_digits(number, digits)
            assert close(text, number, digits) and value == float(decimal(text))


@given(st.lists(numbers, min_size=1, max_size=4), st.integers(-340, 340))
def test_any_numbers_are_rounded_to_any_decimal(values, places):
    with np.errstate(over="ignore", invalid="ignore"):
        found = rounded(np.array(values), places)
    for value, units in zip(values, found.tolist(), strict=True):
        with localcontext(prec=800):
            exact = Decimal(value).scaleb(places)
        if abs(exact) < 2**53:
            assert abs(Decimal(units) - exact) <= Decimal("0.500001") + abs(exact) * Decimal("1e-15")


terms = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=6)


def sum_of(pairs, *, single, constant, chosen, scale):
    left, right = np.array(pairs).T
    at = np.arange(len(pairs))[:, None]
    factors = [
        Factors(label, values, Tensor("value", "conv1"), at) for label, values in (("x", left), ("weight", right))
    ]
    winner = int(left.argmax()) if chosen else None
    known = None if constant is None or chosen else Known(constant)
    return Sum(
        factors[0], None if single or chosen else factors[1], at[:, 0] // 2, "channel", None, known,
        1.0 if chosen else scale, winner,
    )  # fmt: skip


@given(terms, st.booleans(), st.none() | numbers, st.booleans(), st.sampled_from([1.0, 0.25, 1 / 3]))
@example([(1e-310, 1.0)], True, None, False, 1.0)
@example([(SMALLEST, LARGEST)], False, SMALLEST, False, 1.0)
def test_a_sum_of_any_finite_numbers_is_written_and_adds_up(pairs, single, constant, chosen, scale):
    with np.errstate(all="ignore"):
        made = sum_of(pairs, single=single, constant=constant, chosen=chosen, scale=scale)
        text = written_sum(made)
        total = made.total
        steps = written_steps(
            Explanation.of_steps({"x": Known(pairs[0][0])}, ("out", "x * total", total), sums={"total": made})
        )
    assert steps.steps[-1].value
    if text is None:
        assert not np.isfinite([*made.products, total]).all()
        return
    with localcontext(prec=800):
        assert sum(decimal(product) for product in text.products) == decimal(text.before)
        assert sum(decimal(part) for part, _ in text.parts.values()) == decimal(text.before)
    assert text.shown == brief(total)
    if chosen:
        assert not text.noise  # nothing is added up, so nothing cancels out


def test_the_largest_of_a_window_is_no_noise_however_small_it_is_beside_the_others():
    made = sum_of([(-3.0, 0), (1e-12, 0)], single=True, constant=None, chosen=True, scale=1)
    assert not written_sum(made).noise
    added = sum_of([(-3.0, 0), (3.0, 0), (1e-12, 0)], single=True, constant=None, chosen=False, scale=1)
    assert written_sum(added).noise


@given(numbers)
def test_colours_reach_over_any_finite_number(number):
    assert round_reach(np.array([number])) >= abs(number) * (1 - 1e-6)
