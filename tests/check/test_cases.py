"""The cases themselves: enough of them, whole numbers, smallest first; and what the core says of its own functions."""

import numpy as np
import pytest

from cnn_core.check.cases import SURVEY, by_size, filled, measure, survey
from cnn_core.check.forms import FORMS
from cnn_core.check.kinds import KINDS
from cnn_core.check.right import core, own_form, pose


@pytest.mark.parametrize("layer", KINDS)
def test_a_layer_has_enough_cases_of_whole_numbers(layer):
    posed = [case for sizes in survey(layer, {})[:150] if (case := pose(layer, sizes))]
    assert len(posed) >= SURVEY / 2
    for each in posed[:20]:
        for array in each.case.arrays.values():
            assert np.array_equal(array, np.round(array)) and array.size < 2000
        form = own_form(layer)
        gradients = form.gradients if form.then(each.case) else ()
        assert set(each.right) == {*form.results, *gradients, *form.updates}


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.forward)
def test_the_cases_of_a_form_vary_in_all_that_it_has(form):
    sizes = survey(form.layer, form.limits)
    for name, values in KINDS[form.layer].few.items():
        allowed = [value for value in values if value in form.limits.get(name, values)]
        assert {each[name] for each in sizes} >= set(allowed)


def test_small_cases_come_smallest_first():
    limits = {"dilation": (1,), "groups": (1,)}
    order = [measure("conv2d", sizes) for sizes in by_size("conv2d", limits)]
    assert order == sorted(order) and len(order) > 1000
    first = by_size("conv2d", limits)[0]
    assert (first["H"], first["KH"], first["stride"], first["padding"]) == (1, 1, 1, 0)


def test_numbers_are_whole_distinct_and_of_both_signs():
    x, dout = filled("x", (2, 3, 4)), filled("dout", (2, 3, 4))
    assert len(np.unique(np.abs(x))) == x.size and (x < 0).sum() == (dout < 0).sum() == 8
    assert ((x < 0) & (dout < 0)).sum() == 0
    assert len(np.unique(filled("x", (1, 1, 1, 6), "ties"))) == 2
    assert filled("running_var", (5,)).min() > 0


def test_every_form_names_functions_of_the_core():
    missing = {name for form in FORMS for name in (form.forward, form.backward) if name and name not in core()}
    assert missing == {f"conv_{way}_{end}" for way in ("forward", "backward") for end in ("im2col", "strides")}
