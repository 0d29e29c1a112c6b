"""The checks of a map: curves and ranks are what they say, and the verdicts that are known of the methods come out."""

import numpy as np
import pytest

from cnn_core.attribution import (
    METHODS,
    after_randomising,
    deletion,
    insertion,
    likeness,
    passes,
    random_order,
    randomised,
    rank_correlation,
)
from cnn_core.network import ConvBlock, Network, NetworkSpec
from cnn_core.training.config import TrainingConfig

PLAN = NetworkSpec((ConvBlock(4, norm="batch"), ConvBlock(5)), (6,), weight_init="he")


@pytest.fixture(scope="module")
def digits():
    """The course's network after eight epochs, and test pictures."""
    config = TrainingConfig(learning_rate=2e-3, num_epochs=8)
    solver = config.solver()
    for _ in solver.steps():
        pass
    return solver.model, config.training_data().test[0]


def small():
    rng = np.random.default_rng(2)
    return Network(PLAN, (1, 8, 8), 3, seed=1), rng.normal(0, 1, (1, 1, 8, 8)).astype(np.float32)


def test_the_known_verdicts_come_out(digits):
    """Adebayo et al., 2018: Grad-CAM and the plain gradient follow the weights, guided backpropagation follows the picture."""
    network, pictures = digits
    found = [after_randomising(network, x, int(network.scores(x).argmax())) for x in pictures[:8, None]]
    for method in METHODS:
        by_layer = {layer: np.mean([one[method][layer] for one in found]) for layer in found[0][method]}
        assert passes(by_layer) is (method != "guided_backpropagation"), (method, by_layer)
    guided, fair = (
        np.mean([one[method]["linear1"] for one in found]) for method in ("guided_backpropagation", "grad_cam")
    )
    assert guided > fair + 0.3


def test_pixels_that_count_more_cost_more(digits):
    network, pictures = digits
    areas = []
    for x in pictures[:8, None]:
        label = int(network.scores(x).argmax())
        maps = [METHODS["gradient_times_input"](network, x, label), random_order(x)]
        areas.append([curve(network, x, label, heat).area for heat in maps for curve in (deletion, insertion)])
    gone, come, gone_by_chance, come_by_chance = np.mean(areas, axis=0)
    assert gone < gone_by_chance - 0.2 and come > come_by_chance + 0.2


def test_a_curve_is_the_network_looking_again():
    network, x = small()
    heat = np.arange(64.0).reshape(8, 8)
    gone, come = deletion(network, x, 1, heat), insertion(network, x, 1, heat)
    np.testing.assert_allclose(gone.shares, np.linspace(0, 1, 17))
    half = x.copy()
    half[:, :, 4:] = 0  # the larger half of the map
    grey = np.zeros_like(x)
    expected = network.probabilities(np.concatenate([x, half, grey, x - half]))[:, 1]
    np.testing.assert_allclose(gone.probabilities[[0, 8, 16]], expected[:3], rtol=1e-5)
    np.testing.assert_allclose(come.probabilities[[0, 8, 16]], expected[[2, 3, 0]], rtol=1e-5)
    assert gone.area == pytest.approx(np.trapezoid(gone.probabilities, gone.shares))
    few = deletion(
        Network(NetworkSpec((ConvBlock(2, pool="none"),), ()), (1, 2, 2), 2), np.ones((1, 1, 2, 2)), 0, heat[:2, :2]
    )
    np.testing.assert_allclose(few.shares, [0, 0.25, 0.5, 0.75, 1])


def test_rank_correlation_is_spearmans():
    """Pearson's of the ranks, where equal numbers share the mean of theirs."""
    assert rank_correlation(np.array([1, 2, 3.0]), np.array([10, 20, 1000.0])) == pytest.approx(1)
    assert rank_correlation(np.array([1, 2, 3.0]), np.array([3, 2, 1.0])) == pytest.approx(-1)
    a, b = np.array([1, 2, 2, 5.0]), np.array([3, 1, 4, 4.0])
    ranks = np.array([1, 2.5, 2.5, 4]), np.array([2, 1, 3.5, 3.5])
    assert rank_correlation(a, b) == pytest.approx(np.corrcoef(*ranks)[0, 1])
    assert rank_correlation(a, np.ones(4)) == 0
    assert likeness(np.array([[1.0, -2, 3]]), np.array([[-1.0, 2, -3]])) == pytest.approx(1)


def test_weights_become_random_from_the_top_and_the_network_stays():
    network, x = small()
    network.buffers["norm1.running_var"] += 1
    kept = {name: array.copy() for name, array in {**network.params, **network.buffers}.items()}
    stages = dict(randomised(network, seed=7))
    assert list(stages) == ["linear2", "linear1", "conv2", "conv1"]
    fresh = Network(PLAN, (1, 8, 8), 3, seed=7)
    for number, made in enumerate(stages.values()):
        new = ("linear2", "linear1", "conv2", ("norm1", "conv1"))[: number + 1]
        for name, array in {**made.params, **made.buffers}.items():
            is_new = any(name.startswith(one) for one in new)
            np.testing.assert_array_equal(array, {**fresh.params, **fresh.buffers}[name] if is_new else kept[name])
    np.testing.assert_array_equal(stages["conv1"].scores(x), fresh.scores(x))
    for name, array in kept.items():
        np.testing.assert_array_equal({**network.params, **network.buffers}[name], array)
    found = after_randomising(network, x, 1, {"saliency": METHODS["saliency"]}, seeds=[7])
    heat = METHODS["saliency"](network, x, 1)
    expected = {name: likeness(heat, METHODS["saliency"](made, x, 1)) for name, made in stages.items()}
    assert found == {"saliency": pytest.approx(expected)}


def test_what_does_not_fit_is_named():
    network, x = small()
    with pytest.raises(
        ValueError, match=r"heat \(shape \(8, 7\)\) must have a number for each pixel of x: shape \(8, 8\)"
    ):
        deletion(network, x, 0, np.ones((8, 7)))
    with pytest.raises(ValueError, match=r"label \(=3\) must be 2 or less"):
        insertion(network, x, 3, np.ones((8, 8)))
