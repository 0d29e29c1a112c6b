"""The numbers of one entry on the Gradient check page: they add up as they are written, and what is said of them is true."""

import math
import re

import numpy as np
import pytest

from cnn_core.gradients import CASES, STEPS, case, check_entry, curve, expected
from pages.figures.written_out import written_out
from pages.sections.gradient_numbers import lines, verdict
from tests.app.lesson import change, open_lesson, texts
from tests.app.test_gradient_check import TENSORS, table
from tests.numbers_written import check_adds_up, value


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", CASES)
def test_each_written_number_follows_from_those_above_it_and_is_the_cores(name, dtype):
    made = case(name)
    for tensor, values in made.values.items():
        for k, h in enumerate(STEPS):
            index = np.unravel_index(7 * k % values.size, values.shape)
            try:
                checked = check_entry(made, tensor, index, h=h, dtype=dtype)
            except ValueError:  # rounding swallows h
                continue
            text = {key: re.sub(r"<[^>]*>", "", cell) for key, _, cell, _ in lines(written_out(checked), "f")}
            assert check_adds_up(text), (tensor, index, h, text)
            found = {key: float(value(cell)) for key, cell in text.items()}
            assert (found["above"], found["below"]) == (float(checked.nudge.above), float(checked.nudge.below))
            assert found["step"] == pytest.approx(float(checked.nudge.step), rel=1e-11)
            assert found["numeric"] == pytest.approx(checked.numeric, rel=1e-9)
            assert found["analytic"] == pytest.approx(checked.analytic, rel=1e-9, abs=1e-9 * abs(checked.numeric))
            assert found["relative"] == pytest.approx(checked.relative, rel=0.06, abs=3e-16)
            assert (text["numeric"] == text["analytic"]) == (text["absolute"] == "0")


@pytest.mark.parametrize(("name", "tensor"), TENSORS)
def test_the_page_writes_the_cores_numbers_and_judges_them(name, tensor):
    app = open_lesson("gradient_check", check=name, tensor=tensor)
    assert not app.exception
    assert texts(app.error) == []
    found, made = table(app), case(name)
    index = made.planted if tensor == "x" and made.planted else tuple(n // 2 for n in made.values[tensor].shape)
    checked = check_entry(made, tensor, index)
    assert found == {key: cell for key, _, cell, _ in lines(written_out(checked), "f")}
    verdict = texts(app.warning if checked.kinks else app.success)
    assert verdict[0].startswith("**A kink within h**" if checked.kinks else "**Right**")


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ({"check": "tanh", "h": "1", "entry": "3,3"}, "truncation alone may be 2.5e−1, 95% of the gradient"),
        ({"check": "group_norm", "tensor": "x", "h": "1", "entry": "1,0,0,2"}, "truncation alone may be"),
        (
            {"check": "avg_pool2d", "dtype": "float32", "h": "0.01", "entry": "1,0,2,2"},
            "rounding alone may be 4.9e−4, 2.3% of the gradient",
        ),
        ({"h": "1e-14", "tensor": "conv.bias", "entry": "0"}, "rounding alone may be 3.4e−1, 10 times the gradient"),
    ],
    ids=str,
)
def test_what_an_h_that_cannot_tell_suffers_from_is_named_with_its_share(link, words):
    found = texts(open_lesson("gradient_check", **link).warning)
    assert [text.partition("**This h cannot tell**: ")[2][: len(words)] for text in found] == [words]


@pytest.mark.parametrize(("name", "l2"), [*((name, "reg_w") for name in CASES), ("network", "reg_sum_w")])
def test_a_right_gradient_is_never_called_wrong_and_a_wrong_one_never_right(name, l2):
    made, mistaken = case(name, l2=l2), l2 == "reg_sum_w"
    for tensor, values in made.values.items():
        for k in range(0, values.size, max(1, values.size // 5)):
            index = np.unravel_index(k, values.shape)
            theory, finest = expected(made, tensor, index), curve(made, tensor, index, "float64")
            for dtype in ("float64", "float32"):
                for h in STEPS[: 15 if dtype == "float64" else 6]:  # none that rounding swallows
                    checked = check_entry(made, tensor, index, h=h, dtype=dtype)
                    kind, words = verdict(checked, theory, finest, h, dtype)
                    where = tensor, index, dtype, h, words
                    if checked.kinks:
                        assert kind == "kink", where
                    elif mistaken and tensor in made.decayed:
                        assert kind != "right", where
                        assert kind == "wrong" or dtype == "float32" or not 1e-6 < h < 1e-3, where
                    else:
                        assert kind != "wrong", where
                    if kind == "blurred":
                        larger = theory.rounding(h, dtype) * 4 > (theory.truncation(h) or 0) * 2
                        assert (f"{'rounding' if larger else 'truncation'} alone" in words) or not larger, where


@pytest.mark.parametrize("l2", ["reg_w", "reg_sum_w"])
def test_the_analytic_value_is_the_sum_of_its_written_parts(l2):
    app = open_lesson("gradient_check", l2=l2, tensor="linear.weight", entry="3,2")
    (line,) = [text for text in texts(app.caption) if text.startswith("analytic = ")]
    data, part, *factors, product = (value(text) for text in re.findall(r"−?\d[\d.e−]*\d", line)[:5])
    assert data + part == value(table(app)["analytic"])
    assert part == product == math.prod(factors)
    assert ("The right one: reg · w" in line) == (l2 == "reg_sum_w")
    assert not [text for text in texts(change(app, "tensor", "linear.bias").caption) if text.startswith("analytic =")]
