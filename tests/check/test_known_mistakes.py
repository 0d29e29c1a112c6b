"""A function that holds a mistake of the catalogue: it is named, with a small case that shows it, and a link that opens."""

import numpy as np
import pytest

from cnn_core.check import link, report
from cnn_core.check.explain import NETWORK, explanations, forms_of
from cnn_core.check.planted import planted
from cnn_core.check.right import core
from cnn_core.mistakes import MISTAKES

OF_LAYERS = [mistake for mistake in MISTAKES.values() if mistake.family != "training"]


def test_every_mistake_of_a_layer_has_functions_to_try():
    assert [mistake.id for mistake in OF_LAYERS if not forms_of(mistake)] == []


@pytest.mark.parametrize("mistake", OF_LAYERS, ids=lambda mistake: mistake.id)
def test_a_mistake_is_named_on_the_smallest_case(mistake, examined):
    form = forms_of(mistake)[0]
    if NETWORK in mistake.right:
        namespace = {"ThreeLayerConvNet": with_mistake(core()["ThreeLayerConvNet"], mistake)}
    else:
        namespace = {**core(), **mistake.wrong}
    found = examined(namespace, {form.forward, form.backward})
    findings = [(each, finding) for each in found.values() for finding in each.findings]
    named = [finding for _, finding in findings if finding.mistake]
    assert {finding.mistake for finding in named} == {mistake.name}
    for finding in named:
        shape = next(iter(finding.smallest.posed.case.arrays.values())).shape
        assert max(shape[-2:]) <= 4
        shared = link.read(finding.link.partition("?case=")[2].partition("&")[0])
        assert shared.result == finding.result and shared.form.layer == form.layer
        assert NETWORK in mistake.right or mistake in explanations(shared)  # what the report names, its page does too
    text = report.text("layers.py", list(found.values()))
    assert "http" in text and max(len(line) for line in text.splitlines() if "http" not in line) <= report.WIDTH


def with_mistake(network, mistake):
    """The course's network, wrong each time that it is asked for its loss."""

    class Wrong(network):
        def loss(self, X, y=None):
            with planted(mistake):
                return super().loss(X, y)

    return Wrong


def test_dropout_that_is_not_scaled(examined):
    wrong = MISTAKES["train-dropout-not-scaled"]
    found = examined({**core(), **wrong.wrong}, {"dropout_forward_naive", "dropout_backward_naive"})
    (finding,) = found["dropout_forward_naive"].findings
    assert finding.mistake == wrong.name
    shared = link.read(finding.link.partition("?case=")[2])
    assert np.array_equal(shared.right, shared.theirs / (1 - shared.posed.case.options["p"]))


def test_planted_wrong_functions_are_gone_afterwards():
    before = core()
    with planted(MISTAKES["pool-overwrites"], twins=True):
        during = core()
        changed = {name for name in before if before[name] is not during[name]}
    assert changed == {
        "max_pool2d_forward",
        "max_pool2d_backward",
        "max_pool2d_backward_naive",
        "max_pool_backward_fast",
        "max_pool_backward_naive",
    }
    assert dict(core()) == dict(before)


def test_only_numbers_and_shapes_are_explained(examined):
    """What changes its argument may give the very numbers of a mistake: that is not its cause."""
    wrong = MISTAKES["relu-wrong-mask"]

    def in_place(dout, cache):
        dx = wrong.wrong["relu_backward_naive"](dout, cache)
        dout *= 2
        return dx

    (report,) = [
        each
        for each in examined(
            {**core(), "relu_backward_naive": in_place}, {"relu_forward_naive", "relu_backward_naive"}
        ).values()
        if each.state == "wrong"
    ]
    assert {finding.kind: finding.mistake for finding in report.findings} == {"values": wrong.name, "changes dout": ""}
