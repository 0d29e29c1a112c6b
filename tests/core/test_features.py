"""What a network has learned: patches by brute force, silence by what is left, the plane by an SVD, the ascent by its slope."""

import numpy as np
import pytest

from cnn_core.features import answers, excite, exciting_patches, nearest, outputs_of, principal_plane, silenced
from cnn_core.features import maps as feature_maps
from cnn_core.network import ConvBlock, Network, NetworkSpec, forward_pass

PLANS = {
    "course": NetworkSpec((ConvBlock(3),), (6,), weight_init="he"),
    "two blocks": NetworkSpec(
        (
            ConvBlock(3, norm="batch", pool="max"),
            ConvBlock(4, 3, stride=2, padding=1, pool="none", activation="sigmoid"),
        ),
        (5,),
        "tanh",
        weight_init="he",
    ),
    "grouped": NetworkSpec((ConvBlock(4, norm="group", pool="avg"), ConvBlock(2, norm="layer")), (), weight_init="he"),
}
RNG = np.random.default_rng(3)
X = RNG.normal(0, 1, (23, 2, 9, 8)).astype(np.float32)


def made(plan):
    network = Network(PLANS[plan], (2, 9, 8), 3, seed=2)
    rng = np.random.default_rng(6)
    for name, buffer in network.buffers.items():
        buffer[...] = (
            rng.uniform(0.5, 2, buffer.shape) if name.endswith("var") else rng.uniform(-0.2, 0.2, buffer.shape)
        )
    return network


def all_outputs(network, x, layer):
    """In the very chunks, and so with the very bits, that a search through them sees."""
    return np.concatenate([out for _, out in outputs_of(network, x, layer)])


def test_each_layer_with_weights_has_an_answer():
    assert answers(made("course")) == {"conv1": "relu1", "linear1": "relu2", "linear2": "linear2"}
    assert answers(made("two blocks"))["conv2"] == "sigmoid2"
    assert answers(made("grouped")) == {"conv1": "relu1", "conv2": "relu2", "linear1": "linear1"}


@pytest.mark.parametrize("plan", PLANS)
def test_outputs_come_in_chunks_and_are_the_networks(plan, monkeypatch):
    network = made(plan)
    monkeypatch.setattr(feature_maps, "CHUNK", 5 * 4 * 9 * 8 * 4)
    for name, whole in network.feature_maps(X).items():
        if name != "softmax":
            parts = list(outputs_of(network, X, name))
            assert len(parts) > 1
            np.testing.assert_allclose(np.concatenate([out for _, out in parts]), whole, rtol=1e-5, atol=1e-6)
            np.testing.assert_array_equal(np.concatenate([np.arange(23)[some] for some, _ in parts]), np.arange(23))


@pytest.mark.parametrize("plan", PLANS)
def test_the_patches_are_those_of_a_search_through_all_cells(plan, monkeypatch):
    network = made(plan)
    monkeypatch.setattr(feature_maps, "CHUNK", 5 * 4 * 9 * 8 * 4)
    seen = []
    for layer in answers(network).values():
        out = all_outputs(network, X, layer)
        found = exciting_patches(network, X, layer, count=4, progress=lambda done, total: seen.append((done, total)))
        for f in range(out.shape[1]):
            flat = out[:, f].reshape(23, -1)
            order = sorted(range(23), key=lambda n: -flat[n].max())[:4]
            assert found.pictures[f].tolist() == order
            np.testing.assert_array_equal(found.values[f], [flat[n].max() for n in order])
            for place, n in enumerate(order):
                row, column = found.cells[f, place]
                assert (out[n, f, row, column] if out.ndim == 4 else out[n, f]) == found.values[f, place]
            assert found.zero[f] == pytest.approx((flat <= 0).mean())
            assert found.silent[f] == pytest.approx((flat <= 0).all(axis=1).mean())
    assert seen[-1] == (23, 23)


@pytest.mark.parametrize("plan", ["course", "two blocks"])
def test_a_patch_is_all_that_its_cell_sees(plan):
    network = made(plan)
    layer = list(answers(network).values())[len(PLANS[plan].blocks) - 1]
    found = exciting_patches(network, X, layer, count=2)
    for f, k in np.ndindex(*found.pictures.shape):
        n, (row, column), (top, left, rows, columns) = found.pictures[f, k], found.cells[f, k], found.fields[f, k]
        there = np.zeros((9, 8), bool)
        there[max(top, 0) : max(top + rows, 0), max(left, 0) : max(left + columns, 0)] = True
        outside = np.where(there, X[n], 5).astype(np.float32)
        assert forward_pass(network, outside[None]).outputs[layer][0, f, row, column] == pytest.approx(
            found.values[f, k], rel=1e-5
        )
        inside = np.where(there, X[n] + 1, X[n]).astype(np.float32)
        before = {"relu1": "conv1", "sigmoid2": "conv2"}[layer]
        changed = forward_pass(network, inside[None]).outputs[before][0, f, row, column]
        assert changed != pytest.approx(
            forward_pass(network, X[n : n + 1]).outputs[before][0, f, row, column], abs=1e-4
        )
    units = exciting_patches(network, X, answers(network)["linear1"], count=2)
    assert (units.fields == [0, 0, 9, 8]).all() and not units.cells.any()


def test_of_equal_answers_the_first_counts_and_few_pictures_give_few_patches():
    network = made("course")
    some = np.tile(X[:3], (40, 1, 1, 1))  # so many that a sort which is not stable mixes them
    assert all(pictures == sorted(pictures) for pictures in exciting_patches(network, some, "relu1").pictures.tolist())
    assert exciting_patches(network, some[::3][:3], "relu1").pictures.tolist() == [[0, 1, 2]] * 3
    with pytest.raises(ValueError, match=r"layer \(='relu9'\) must be one of conv1"):
        exciting_patches(network, X, "relu9")
    with pytest.raises(ValueError, match=r"count \(=0\)"):
        exciting_patches(network, X, "relu1", count=0)
    with pytest.raises(ValueError, match="0 pictures"):
        exciting_patches(network, X[:0], "relu1")


@pytest.mark.parametrize("plan", PLANS)
def test_nothing_listens_to_a_silenced_filter(plan):
    network = made(plan)
    names = list(answers(network))
    for layer in names[:-1]:
        units = network.params[f"{layer}.weight"].shape[0 if layer.startswith("conv") else 1]
        for number in (0, units - 1):
            quiet = silenced(network, layer, number)
            loud = silenced(network, layer, number)
            shaken = network.params[f"{layer}.weight"].copy()
            place = np.s_[number] if layer.startswith("conv") else np.s_[:, number]
            shaken[place] += 1  # another filter: nobody hears it, unless a norm over channels mixes them
            loud.params = {**quiet.params, f"{layer}.weight": shaken}
            if plan != "grouped":
                np.testing.assert_array_equal(quiet.scores(X), loud.scores(X))
            spoke = all_outputs(network, X, answers(network)[layer])[:, number].any()
            assert np.array_equal(quiet.scores(X), network.scores(X)) != spoke
    assert (network.params[f"{names[1]}.weight"] != 0).all()
    with pytest.raises(ValueError, match=f"layer \\(='{names[-1]}'\\) must be one of"):
        silenced(network, names[-1], 0)
    with pytest.raises(ValueError, match=r"number \(=99\) must be"):
        silenced(network, "conv1", 99)


@pytest.mark.parametrize("shape", [(30, 5), (4, 40), (12, 2, 3, 2), (6, 1), (1, 7)])
def test_the_plane_is_that_of_an_svd(shape):
    features = np.random.default_rng(1).normal(3, 1, shape) * np.arange(1, shape[-1] + 1)
    plane = principal_plane(features)
    rows = features.reshape(shape[0], -1)
    centred = rows - rows.mean(axis=0)
    _, lengths, vt = np.linalg.svd(centred, full_matrices=False)
    for k in range(2):
        if k < len(lengths) and lengths[k] > 1e-9:
            np.testing.assert_allclose(np.abs(plane.axes[k] @ vt[k]), 1, atol=1e-9)
            assert plane.axes[k][np.abs(plane.axes[k]).argmax()] > 0
            assert plane.share[k] == pytest.approx(lengths[k] ** 2 / (lengths**2).sum())
        else:
            assert not plane.points[:, k].any() and not plane.axes[k].any()
    np.testing.assert_allclose(plane.points, centred @ plane.axes.T)
    if len(lengths) <= 2:
        np.testing.assert_allclose(plane.mean + plane.points @ plane.axes, rows)
    with pytest.raises(ValueError, match="at least one point"):
        principal_plane(np.empty((0, 3)))


def test_the_nearest_are_nearest():
    features = np.random.default_rng(2).normal(0, 1, (40, 2, 3))
    order, distances = nearest(features, features[7], 5)
    assert order[0] == 7 and distances[0] == 0
    brute = sorted(range(40), key=lambda n: np.linalg.norm(features[n] - features[7]))[:5]
    assert order.tolist() == brute and (np.diff(distances) >= 0).all()
    with pytest.raises(ValueError, match=r"count \(=41\)"):
        nearest(features, features[0], 41)


@pytest.mark.parametrize("layer", ["conv1", "conv2", "linear1", "linear2"])
def test_the_ascent_climbs_along_the_slope(layer):
    network = made("two blocks")
    steps = list(excite(network, layer, 1, steps=30, seed=4))
    assert len(steps) == 31
    assert steps[-1].answer > steps[0].answer + 0.5
    assert steps[3].answer == pytest.approx(
        float(forward_pass(network, steps[3].x[None]).outputs[layer][0, 1].mean()), rel=1e-5
    )
    (first, second) = list(excite(network, layer, 1, start=steps[0].x, steps=1, step_size=1e-3, decay=0))
    moved = (second.x - first.x).astype(np.float64)
    assert np.sqrt((moved**2).mean()) == pytest.approx(1e-3, rel=1e-2)
    slopes = []
    for _ in range(20):
        other = np.random.default_rng(len(slopes)).normal(0, 1, moved.shape)
        other *= np.linalg.norm(moved) / np.linalg.norm(other)
        there = forward_pass(network, (first.x + other)[None].astype(np.float32)).outputs[layer][0, 1].mean()
        slopes.append(float(there) - first.answer)
    assert second.answer - first.answer > max(slopes)


def test_where_there_is_no_slope_the_picture_only_fades():
    network = made("course")
    for array in network.params.values():
        array[...] = 0
    first, second = excite(network, "relu1", 0, steps=1, decay=0.5)
    np.testing.assert_allclose(second.x, first.x / 2, rtol=1e-6)
    for bad, message in (
        ({"steps": -1}, "steps"),
        ({"decay": 1.0}, r"decay \(=1.0\)"),
        ({"step_size": -1}, "step_size"),
    ):
        with pytest.raises(ValueError, match=message):
            list(excite(network, "relu1", 0, **bad))


@pytest.mark.parametrize("plan", PLANS)
def test_of_a_map_its_mean_counts_of_a_unit_its_number(plan):
    network = made(plan)
    for layer in answers(network).values():
        out = all_outputs(network, X, layer)
        found = feature_maps.mean_outputs(network, X, layer)
        np.testing.assert_allclose(found, out.mean(axis=(2, 3)) if out.ndim == 4 else out, rtol=1e-5, atol=1e-6)
    assert feature_maps.mean_outputs(network, X[:0], "conv1").shape == (0, network.layers[0].shape[0])
