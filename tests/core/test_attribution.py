"""Why this answer: each score is the sum that the sheet says, paths are those there are, and maps are what PyTorch computes."""

from functools import cache

import numpy as np
import pytest

from cnn_core.attribution import (
    METHODS,
    answer_sheet,
    gradient_times_input,
    guided_backpropagation,
    maps,
    sheet,
    smooth_grad,
)
from cnn_core.attribution.maps import occlusion
from cnn_core.network import (
    ACTIVATIONS,
    NORMS,
    POOLS,
    ConvBlock,
    Network,
    NetworkSpec,
    backward_pass,
    forward_pass,
    in_double,
    one_score,
    pytorch_code,
    to_pytorch,
)
from cnn_core.network.layers import Mode
from cnn_core.training.config import TrainingConfig

SHAPE, CLASSES = (2, 9, 8), 3
THREE = {
    "the course's": NetworkSpec(),
    "three blocks, batch norm": NetworkSpec(
        (ConvBlock(6, norm="batch", pool="none"), ConvBlock(8, norm="batch"), ConvBlock(8, norm="batch")),
        weight_init="he",
    ),
    "average pooling, two hidden": NetworkSpec(
        (ConvBlock(8, activation="leaky_relu", pool="avg"),), (20, 16), "leaky_relu", weight_init="he"
    ),
}


def shaken(spec, seed=0):
    """A network whose numbers are all its own: biases, gammas and running statistics too."""
    network, rng = Network(spec, SHAPE, CLASSES, seed=seed), np.random.default_rng(seed)
    for name, array in {**network.params, **network.buffers}.items():
        if not name.endswith("weight"):
            array += rng.uniform(0.1, 0.5, array.shape)
    return network


def picture(seed=1):
    return np.random.default_rng(seed).normal(0, 1, (1, *SHAPE)).astype(np.float32)


@cache
def trained(name, steps=60):
    config = TrainingConfig(network=THREE[name])
    solver = config.solver()
    for _ in zip(range(steps), solver.steps(), strict=False):
        pass
    return solver.model, config.training_data().test[0]


@pytest.mark.parametrize("name", THREE)
def test_every_score_is_the_sum_of_its_sheet(name):
    """170 scores of each of three trained networks."""
    network, pictures = trained(name)
    for x in pictures[:17, None]:
        sheet = answer_sheet(network, x)
        assert sheet.linear and not sheet.fixed and sheet.counted
        np.testing.assert_allclose(sheet.scores, network.scores(x)[0], atol=1e-4)  # those of float32
        written = sheet.terms.reshape(10, -1).sum(axis=1)
        for terms in sheet.biases.values():
            written = written + terms
        np.testing.assert_allclose(written, sheet.scores, rtol=0, atol=1e-10)
        np.testing.assert_allclose(sheet.missing, 0, atol=1e-10)
        np.testing.assert_array_equal(sheet.terms, sheet.slopes * x)
    assert list(sheet.biases) == [one.name for one in network.layers if one.kind in ("conv", "norm", "linear")]


@pytest.mark.parametrize("name", THREE)
def test_slopes_are_gradients_and_a_bias_counts_as_its_gradient_says(name):
    network, pictures = trained(name)
    sheet, done = answer_sheet(network, pictures[:1]), forward_pass(in_double(network), pictures[:1])
    for label in range(10):
        back = backward_pass(done, one_score(done, label))
        np.testing.assert_allclose(sheet.slopes[label], back.dx[0], atol=1e-12)
        for layer, terms in sheet.biases.items():
            if not layer.startswith("norm"):
                expected = (back.params[f"{layer}.bias"] * network.params[f"{layer}.bias"]).sum()
                assert terms[label] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("pool", POOLS)
def test_what_the_sheet_says_of_itself_holds(norm, pool, activation):
    """It adds up where no activation bends, whatever the norm; which norms it has taken as fixed, it names."""
    blocks = (ConvBlock(4, norm=norm, activation=activation), ConvBlock(6, norm=norm, pool=pool))
    network = shaken(NetworkSpec(blocks, (5,), activation, weight_init="he"))
    sheet = answer_sheet(network, picture())
    bends = activation in ("tanh", "sigmoid")
    assert sheet.linear is not bends
    assert (np.abs(sheet.missing).max() > 1e-10) == bends
    np.testing.assert_allclose(sheet.sums + sheet.missing, sheet.scores, atol=1e-12)
    assert sheet.fixed == (("norm1", "norm2") if norm in ("layer", "group", "instance") else ())
    if not sheet.fixed:
        x = picture().astype(np.float64)
        np.testing.assert_allclose(sheet.terms[1].sum(0), gradient_times_input(in_double(network), x, 1), atol=1e-12)


def jacobian(layer, x, arrays, h=1e-4):
    """How each number that a layer gives changes with each one that it takes: (out, in)."""
    columns = []
    for at in np.ndindex(*x.shape):
        moved = x.copy()
        moved[at] += h
        ahead = layer.forward(moved.copy(), arrays, Mode())[0]  # a copy, as dropout in use hands on what it was given
        moved[at] -= 2 * h
        columns.append((ahead - layer.forward(moved, arrays, Mode())[0]).ravel() / (2 * h))
    return np.array(columns).T


@pytest.mark.parametrize(
    "spec",
    [
        NetworkSpec((ConvBlock(3),), (4,)),
        NetworkSpec((ConvBlock(3, norm="batch", pool="avg"), ConvBlock(2, pool="none")), (3,), weight_init="he"),
        NetworkSpec((ConvBlock(2, 3, stride=2, padding=1, activation="leaky_relu"),), ()),
        NetworkSpec((ConvBlock(2, pool="blur"),), ()),
    ],
    ids=str,
)
def test_open_paths_are_those_that_the_layers_leave_open(spec):
    """Counted one connection at a time: where a layer answers to one of its inputs there is one, else none."""
    network = in_double(shaken(spec))
    x = picture().astype(np.float64)
    done, arrays = forward_pass(network, x), {**network.params, **network.buffers}
    count = np.eye(x.size)
    for layer in network.layers:
        count = (np.abs(jacobian(layer, done.input_of(layer.name), arrays)) > 1e-9) @ count
    paths = answer_sheet(network, x).paths
    assert paths.max() > 0 and (paths == np.round(paths)).all()
    np.testing.assert_array_equal(np.broadcast_to(paths.ravel(), count.shape), count)


def test_where_there_are_too_many_paths_the_sheet_says_so():
    wide = NetworkSpec(
        tuple(ConvBlock(64, 9, norm="batch", pool="none", activation="leaky_relu") for _ in range(4)), (128, 128)
    )
    sheet = answer_sheet(Network(wide, (1, 9, 9), 2), np.ones((1, 1, 9, 9)))
    assert not sheet.counted and sheet.paths.max() > 2.0**53


def test_what_does_not_fit_into_memory_at_once_is_made_in_pieces(monkeypatch):
    network = shaken(NetworkSpec((ConvBlock(4, norm="layer"),), (5,), weight_init="he"))
    whole, smooth = answer_sheet(network, picture()), smooth_grad(network, picture(), 1)
    seen, forward = [], sheet.forward_pass
    for place in (sheet, maps):
        monkeypatch.setattr(place, "forward_pass", lambda network, x: seen.append(len(x)) or forward(network, x))
    monkeypatch.setattr(sheet, "CHUNK", 2 * 4 * 9 * 8 * 8)  # two pictures of conv1's maps in float64
    parts = answer_sheet(network, picture())
    assert seen == [2, 1, 1]  # of three classes; the last one is for the paths
    np.testing.assert_allclose(parts.terms, whole.terms, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(parts.scores, whole.scores, rtol=1e-12)
    for name, terms in whole.biases.items():
        np.testing.assert_allclose(parts.biases[name], terms, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(smooth_grad(network, picture(), 1), smooth, rtol=1e-4, atol=1e-6)
    assert seen[3:] == [4] * 6 + [1]  # of 25 copies, in float32


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_a_map_is_one_number_a_pixel_and_the_same_each_time(method, activation):
    network = shaken(
        NetworkSpec((ConvBlock(4, activation=activation), ConvBlock(5, pool="none")), (6,), weight_init="he")
    )
    before = {name: array.copy() for name, array in network.params.items()}
    first, again = (METHODS[method](network, picture(), 2) for _ in range(2))
    assert first.shape == SHAPE[1:] and first.dtype == np.float32 and np.isfinite(first).all() and first.any()
    np.testing.assert_array_equal(first, again)
    for name, array in before.items():
        np.testing.assert_array_equal(network.params[name], array)
    if method not in ("gradient_times_input", "occlusion"):
        assert first.min() >= 0


def test_noise_and_patches_are_as_they_are_asked_for():
    network, x = shaken(NetworkSpec((ConvBlock(4),), (6,), weight_init="he")), picture()
    np.testing.assert_allclose(smooth_grad(network, x, 1, noise=0.0), METHODS["saliency"](network, x, 1), rtol=1e-6)
    assert not np.allclose(smooth_grad(network, x, 1, seed=1), smooth_grad(network, x, 1, seed=2))
    lost = occlusion(network, x, 1, patch=8)  # rows 0 to 7, and rows 1 to 8
    covered = np.concatenate([x, x])
    covered[0, :, :8], covered[1, :, 1:] = 0, 0
    scores, score = network.scores(covered)[:, 1], network.scores(x)[0, 1]
    np.testing.assert_allclose(lost[0], score - scores[0], rtol=1e-5)
    np.testing.assert_allclose(lost[4], score - scores.mean(), rtol=1e-5)
    one = occlusion(network, x, 1, patch=1)
    covered = x.copy()
    covered[0, :, 3, 4] = 0
    assert one[3, 4] == pytest.approx(score - network.scores(covered)[0, 1], abs=1e-5)


@pytest.mark.parametrize("method", [*METHODS, "answer_sheet"])
def test_what_does_not_fit_is_named(method):
    network = shaken(NetworkSpec((ConvBlock(4),), ()))
    call = METHODS.get(method) or (lambda network, x, label: answer_sheet(network, x))
    with pytest.raises(ValueError, match=r"x \(shape \(2, 2, 9, 8\)\) must hold one picture"):
        call(network, np.ones((2, *SHAPE)), 0)
    with pytest.raises(ValueError, match=r"must hold images of shape \(2, 9, 8\)"):
        call(network, np.ones((1, 1, 9, 8)), 0)
    if method != "answer_sheet":
        with pytest.raises(ValueError, match=r"label \(=3\) must be 2 or less"):
            call(network, picture(), 3)


@pytest.mark.parametrize(
    "spec", [*THREE.values(), NetworkSpec((ConvBlock(4, norm="group"), ConvBlock(6, pool="avg")), ())], ids=str
)
def test_pytorch_draws_the_same_saliency_grad_cam_and_guided_backpropagation(spec):
    torch = pytest.importorskip("torch")
    network, x, here = shaken(spec, seed=4), picture(), {}
    exec(pytorch_code(spec, SHAPE, CLASSES), here)
    model = here["model"].eval()
    model.load_state_dict({name: torch.from_numpy(a) for name, a in to_pytorch(network).items()}, strict=True)
    layer = [name for name, module in model.named_children() if "relu" in name][len(spec.blocks) - 1]
    kept = {}

    def keep(module, given, out):
        out.retain_grad()
        kept["maps"] = out

    getattr(model, layer).register_forward_hook(keep)
    close, seen_at_all = {"rtol": 1e-4, "atol": 1e-5}, False
    for label in range(CLASSES):
        pixels = torch.tensor(x, requires_grad=True)
        model(pixels)[0, label].backward()
        found = METHODS["saliency"](network, x, label)
        np.testing.assert_allclose(found, pixels.grad[0].abs().amax(0).numpy(), **close)
        maps = kept["maps"]
        seen = torch.relu((maps.grad.mean(dim=(2, 3), keepdim=True) * maps).sum(dim=1, keepdim=True))
        cam = torch.nn.functional.interpolate(seen, size=SHAPE[1:], mode="bilinear", align_corners=False)
        np.testing.assert_allclose(METHODS["grad_cam"](network, x, label), cam[0, 0].detach().numpy(), **close)
        seen_at_all |= bool(cam.any())
    assert seen_at_all
    for name, module in model.named_children():
        if "relu" in name:
            module.register_full_backward_hook(lambda module, given, out: (torch.where(out[0] > 0, given[0], 0.0),))
    pixels = torch.tensor(x, requires_grad=True)
    model(pixels)[0, 2].backward()
    guided = guided_backpropagation(network, x, 2)
    np.testing.assert_allclose(guided, pixels.grad[0].abs().amax(0).numpy(), **close)
