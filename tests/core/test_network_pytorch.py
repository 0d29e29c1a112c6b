"""The way to PyTorch and back: the code builds a module that takes the weights as they are and gives the same scores."""

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

from cnn_core.network import (
    ACTIVATIONS,
    NORMS,
    POOLS,
    ConvBlock,
    Network,
    NetworkSpec,
    from_pytorch,
    pytorch_code,
    to_pytorch,
)

SHAPE, CLASSES = (2, 13, 11), 3
ALL_IN_ONE = NetworkSpec(
    tuple(ConvBlock(6, norm=norm, pool=pool) for norm, pool in zip(("batch", "layer"), ("max", "avg"), strict=True)),
    (5, 4),
    dropout=0.25,
)
SPECS = [
    *(NetworkSpec((ConvBlock(6, norm=norm, pool="none"), ConvBlock(4, norm=norm)), weight_init="he") for norm in NORMS),
    *(NetworkSpec((ConvBlock(5, activation=a),), (7, 6), a, weight_init="xavier") for a in ACTIVATIONS),
    *(NetworkSpec((ConvBlock(3, pool=pool, pool_size=3),), (), weight_init="he") for pool in POOLS),
    NetworkSpec((ConvBlock(3, 4), ConvBlock(2, 2), ConvBlock(3, 1)), (4,), weight_init="he"),
    NetworkSpec((ConvBlock(3, 5, 2, 1, pool="none"), ConvBlock(3, 4, 1, 2)), (), weight_init="he"),
    ALL_IN_ONE,
]


def trained(spec, seed=0):
    """A network whose numbers are all its own: biases, gammas and running statistics too."""
    network, rng = Network(spec, SHAPE, CLASSES, seed=seed), np.random.default_rng(seed)
    for name, array in {**network.params, **network.buffers}.items():
        if not name.endswith("weight"):
            array += rng.uniform(0.1, 0.5, array.shape)
    return network


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_the_weights_return_and_the_code_is_python(spec):
    network = trained(spec)
    back = from_pytorch(to_pytorch(network), network)
    own = {**network.params, **network.buffers}
    assert list(back) == [n for layer in network.layers for n in (*layer.params, *layer.buffers)]
    assert back.keys() == own.keys()
    for name, array in own.items():
        np.testing.assert_array_equal(back[name], array)
    compile(pytorch_code(spec, SHAPE, CLASSES), "model.py", "exec")


@pytest.mark.parametrize(
    "prefix", ["module.", "_orig_mod.", "model.", "module._orig_mod.", "_orig_mod.module.model.", "net.", "a.b.c."]
)
def test_a_prefix_that_all_names_share_is_left_out(prefix):
    network = trained(ALL_IN_ONE)
    arrays = {prefix + name: array for name, array in to_pytorch(network).items()}
    back = from_pytorch(arrays, network)
    for name, array in {**network.params, **network.buffers}.items():
        np.testing.assert_array_equal(back[name], array)


def test_a_prefix_that_not_all_names_share_stays():
    network = trained(ALL_IN_ONE)
    arrays = {f"module.{name}": array for name, array in to_pytorch(network).items()}
    with pytest.raises(ValueError, match=r"lacks .* and has epoch, module\.conv1\.bias"):
        from_pytorch(arrays | {"epoch": np.zeros(1)}, network)
    with pytest.raises(ValueError, match=r"lacks .* and has model\.conv1\.bias, model\.conv1\.weight, module\."):
        from_pytorch(
            {name.replace("module.", "model.", name.startswith("module.conv1")): a for name, a in arrays.items()},
            network,
        )


def test_a_layers_own_name_is_no_prefix():
    network = trained(NetworkSpec((ConvBlock(3),), ()))
    with pytest.raises(ValueError, match=r"lacks linear1\.bias, linear1\.weight"):
        from_pytorch({n: a for n, a in to_pytorch(network).items() if n.startswith("conv1")}, network)
    with pytest.raises(ValueError, match=r"lacks conv1\.bias"):
        from_pytorch({}, network)


@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is a judge where it is installed")
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_pytorch_gives_the_same_scores(spec):
    import torch

    network, here = trained(spec), {}
    exec(pytorch_code(spec, SHAPE, CLASSES), here)
    model = here["model"]
    model.load_state_dict({name: torch.from_numpy(a) for name, a in to_pytorch(network).items()}, strict=True)
    x = np.random.default_rng(1).standard_normal((4, *SHAPE)).astype(np.float32)
    model.eval()
    with torch.no_grad():
        np.testing.assert_allclose(network.scores(x), model(torch.from_numpy(x)).numpy(), atol=1e-5)
    # In training: the loss, one gradient from the far end, and what batch norm keeps (momentum, unbiased variance).
    model, y = model.train(), np.array([0, 1, 2, 0])
    if spec.dropout == 0:
        loss = torch.nn.functional.cross_entropy(model(torch.from_numpy(x)), torch.from_numpy(y))
        loss.backward()
        parts = network.loss_parts(x, y)
        assert parts.data_loss == pytest.approx(loss.item(), rel=1e-5)
        np.testing.assert_allclose(parts.grads["conv1.weight"], model.conv1.weight.grad.numpy(), atol=1e-5)
        state = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
        for name, array in from_pytorch(state, network).items():
            np.testing.assert_allclose({**network.params, **network.buffers}[name], array, atol=1e-5)


def test_the_code_reads_well():
    spec = NetworkSpec((ConvBlock(16, 4, norm="group"), ConvBlock(8, 5, 2, 2, pool="avg")), (64,), dropout=0.5)
    assert pytorch_code(spec, (3, 32, 32), 10) == (
        """from collections import OrderedDict

from torch import nn

model = nn.Sequential(
    OrderedDict(
        conv1=nn.Conv2d(3, 16, 4, padding="same"),  # 16 × 32 × 32
        norm1=nn.GroupNorm(4, 16),  # 16 × 32 × 32
        relu1=nn.ReLU(),  # 16 × 32 × 32
        pool1=nn.MaxPool2d(2),  # 16 × 16 × 16
        conv2=nn.Conv2d(16, 8, 5, stride=2, padding=2),  # 8 × 8 × 8
        relu2=nn.ReLU(),  # 8 × 8 × 8
        pool2=nn.AvgPool2d(2),  # 8 × 4 × 4
        flatten=nn.Flatten(),
        linear1=nn.Linear(128, 64),  # 64
        relu3=nn.ReLU(),  # 64
        dropout1=nn.Dropout(0.5),  # 64
        linear2=nn.Linear(64, 10),  # 10
    )
)
"""
    )


def test_what_is_handed_out_is_a_copy():
    network = trained(ALL_IN_ONE)
    for array in to_pytorch(network).values():
        array[...] = 7
    assert not any((array == 7).any() for array in network.params.values())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a.pop("conv1.bias"), "the weights are of another network: the state dict lacks conv1.bias"),
        (lambda a: a.update(fc=np.ones(1)), "the weights are of another network: the state dict has fc"),
        (
            lambda a: a.update({"linear3.weight": a["linear3.weight"].T}),
            r"linear3.weight \(shape \(4, 3\)\) must have shape \(3, 4\)",
        ),
        (lambda a: a.update({"conv1.bias": np.float32(1)}), r"conv1.bias \(shape \(\)\) must have shape \(6,\)"),
    ],
)
def test_a_state_dict_of_another_network_is_refused(change, message):
    network = trained(ALL_IN_ONE)
    arrays = to_pytorch(network)
    change(arrays)
    with pytest.raises(ValueError, match=message):
        from_pytorch(arrays, network)
    arrays = to_pytorch(network)
    del arrays["norm1.num_batches_tracked"]  # PyTorch before 0.4 had none
    assert from_pytorch(arrays, network).keys() == {**network.params, **network.buffers}.keys()


def test_code_is_refused_for_a_plan_that_does_not_fit():
    with pytest.raises(ValueError, match="block 1: kernel_size"):
        pytorch_code(replace(ALL_IN_ONE, blocks=(ConvBlock(2, 15, padding=0),)), SHAPE, CLASSES)


@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is a judge where it is installed")
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
def test_weights_come_back_from_pytorchs_own_wrappers():
    import torch

    network, here = trained(ALL_IN_ONE), {}
    exec(pytorch_code(ALL_IN_ONE, SHAPE, CLASSES), here)
    here["model"].load_state_dict({name: torch.from_numpy(a) for name, a in to_pytorch(network).items()}, strict=True)
    around = torch.nn.Module()
    around.model = torch.compile(torch.nn.DataParallel(here["model"]))
    state = {name: tensor.numpy() for name, tensor in around.state_dict().items()}
    assert all(name.startswith("model._orig_mod.module.") for name in state)
    for name, array in from_pytorch(state, network).items():
        np.testing.assert_array_equal(array, (network.params | network.buffers)[name])
