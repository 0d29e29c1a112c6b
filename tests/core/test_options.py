"""Options of the public functions: what has no meaning is refused by name, and NumPy's numbers are as good as Python's."""

import inspect
import json

import numpy as np
import pytest

import cnn_core as cc
from cnn_core import cs231n, network
from cnn_core.cs231n import optim as course_rules

RNG = np.random.default_rng(0)
X, WEIGHT, ONES, ZEROS = RNG.normal(size=(3, 4, 6, 6)), RNG.normal(size=(4, 4, 3, 3)), np.ones(4), np.zeros(4)
DATA = {"X_train": X, "y_train": np.array([0, 1, 0]), "X_val": X, "y_val": np.array([0, 1, 0])}
SPEC = cc.NetworkSpec(hidden=(3,))


def running():
    return np.zeros(4), np.ones(4)


def half_of_all_labels_right():
    return cs231n.Solver(cs231n.TwoLayerNet(144, 3, 2), DATA, verbose=False)


# A call with each of the options that a function takes; its keywords are found in the signature of the first one.
CALLS = {
    "conv2d": (cc.conv2d_forward, lambda **o: cc.conv2d_forward(X, WEIGHT, ZEROS, **o)),
    "conv2d_naive": (cc.conv2d_forward_naive, lambda **o: cc.conv2d_forward_naive(X[:1], WEIGHT, ZEROS, **o)),
    "conv2d_backward": (
        cc.conv2d_backward,
        lambda **o: cc.conv2d_backward(np.ones((3, 4, 4, 4)), cc.conv2d_forward(X, WEIGHT)[1], **o),
    ),
    "conv_transpose2d": (
        cc.conv_transpose2d_forward,
        lambda **o: cc.conv_transpose2d_forward(X, WEIGHT, **{"stride": 2} | o),
    ),
    "max_pool2d": (cc.max_pool2d_forward, lambda **o: cc.max_pool2d_forward(X, 3, **o)),
    "avg_pool2d": (cc.avg_pool2d_forward, lambda **o: cc.avg_pool2d_forward(X, 3, **o)),
    "batch_norm": (cc.batch_norm_forward, lambda **o: cc.batch_norm_forward(X, ONES, ZEROS, *running(), **o)),
    "batch_norm_naive": (
        cc.batch_norm_forward_naive,
        lambda **o: cc.batch_norm_forward_naive(X, ONES, ZEROS, *running(), **o),
    ),
    "instance_norm": (cc.instance_norm_forward, lambda **o: cc.instance_norm_forward(X, ONES, ZEROS, **o)),
    "dropout": (cc.dropout_forward, lambda **o: cc.dropout_forward(X, **o)),
    "dropout_naive": (cc.dropout_forward_naive, lambda **o: cc.dropout_forward_naive(X[0, 0], **o)),
    "adamw": (cc.adamw, lambda **o: cc.adamw(np.ones(2), np.ones(2), {}, **{"learning_rate": 0.1} | o)),
    "numeric_gradient": (cc.numeric_gradient, lambda **o: cc.numeric_gradient(np.sum, np.ones(2), **o)),
    "projection_error": (
        cc.projection_error,
        lambda **o: cc.projection_error(np.sum, [np.ones(2)], [np.ones(2)], **o),
    ),
    "Network": (cc.Network, lambda **o: cc.Network(SPEC, (4, 6, 6), 3, **o).params),
    "Solver": (
        cc.Solver,
        lambda **o: cc.Solver(cc.Network(SPEC, (4, 6, 6), 3), cc.Arrays(*DATA.values()), **{"batch_size": 2} | o).step(
            1
        ),
    ),
    "course's Solver": (
        cs231n.Solver,
        lambda **o: cs231n.Solver(cs231n.TwoLayerNet(144, 3, 2), DATA, **{"verbose": False} | o)._step(),
    ),
    "course's solver's accuracy": (
        lambda *, num_samples, batch_size: None,
        lambda **o: half_of_all_labels_right().check_accuracy(X, DATA["y_train"], **o),
    ),
    "FullyConnectedNet": (
        lambda *, input_dim, num_classes, dropout, normalization, reg, weight_scale, dtype, dropout_keep_ratio: None,
        lambda **o: cs231n.FullyConnectedNet([3], **{"input_dim": 4} | o).params,
    ),
    "grid": (lambda *, ubound, padding: None, lambda **o: cs231n.visualize_grid(X, **o)),
    "memory_needed": (
        lambda *, batch_size, update_rule: None,
        lambda **o: network.memory_needed(SPEC, (4, 6, 6), 3, **{"batch_size": 2} | o),
    ),
    "layer_table": (
        lambda *, spec, input_shape, num_classes: None,
        lambda **o: network.layer_table(**{"spec": SPEC, "input_shape": (4, 6, 6), "num_classes": 3} | o),
    ),
}
FREE = {"verbose", "checkpoint_name"}  # said, and named, as one likes
OPTIONS = [
    (call, name)
    for call, (signed, _) in CALLS.items()
    for name, parameter in inspect.signature(signed).parameters.items()
    if parameter.kind is parameter.KEYWORD_ONLY and name not in FREE
]
MEANINGLESS = {"text": "x", "complex": 1j, "a set": {1}, "not a number": float("nan"), "beyond floats": -(10**400)}


@pytest.mark.parametrize("value", MEANINGLESS.values(), ids=MEANINGLESS)
@pytest.mark.parametrize(("call", "name"), OPTIONS)
def test_an_option_without_a_meaning_is_refused_by_its_name(call, name, value):
    with pytest.raises(ValueError, match=rf"^({name}|rule)\b.*must be"):
        CALLS[call][1](**{name: value})


@pytest.mark.parametrize(
    ("call", "name", "plain", "numpys"),
    [
        ("conv2d", "stride", 2, np.int64(2)),
        ("conv2d_backward", "input_gradient", False, np.False_),
        ("avg_pool2d", "count_include_pad", False, np.False_),
        ("batch_norm", "training", False, np.False_),
        ("batch_norm", "momentum", 0.5, np.float32(0.5)),
        ("dropout", "training", False, np.bool(False)),
        ("instance_norm", "eps", 1, np.int8(1)),
        ("adamw", "weight_decay", 0.5, np.float16(0.5)),
        ("numeric_gradient", "h", 0.5, np.float32(0.5)),
        ("memory_needed", "batch_size", 4, np.uint8(4)),
    ],
)
def test_numpys_numbers_are_options_as_pythons_are(call, name, plain, numpys):
    ours, theirs = (CALLS[call][1](**{name: value}) for value in (plain, numpys))
    first = ours[0] if isinstance(ours, tuple) else ours
    np.testing.assert_array_equal(first, theirs[0] if isinstance(theirs, tuple) else theirs)


def test_a_plan_of_numpys_numbers_is_one_of_pythons():
    block = network.ConvBlock(np.int64(8), np.int32(3), norm="layer")
    spec = network.NetworkSpec([block], [np.int16(4)], dropout=np.float32(0.5), weight_scale=np.float64(0.25))
    plain = network.NetworkSpec((network.ConvBlock(8, 3, norm="layer"),), (4,), dropout=0.5, weight_scale=0.25)
    assert spec == plain
    assert json.loads(json.dumps(spec.as_dict())) == json.loads(json.dumps(plain.as_dict()))
    shape = tuple(np.array([1, 8, 8]))
    assert network.pytorch_code(spec, shape, np.int64(3)) == network.pytorch_code(plain, (1, 8, 8), 3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: network.NetworkSpec(blocks=({},)), "blocks (=({},)) must hold ConvBlock, not dict"),
        (lambda: cc.Network(SPEC, (6, 6), 3), "input_shape (=(6, 6)) must be that of one image"),
        (lambda: cc.Network("spec", (4, 6, 6), 3), "spec (=spec) must be a NetworkSpec"),
        (lambda: cc.Network(SPEC, (4, 6, 6), 3, dtype=None), "dtype (=None) must be float32 or float64"),
        (lambda: network.num_groups(0), "num_filters (=0) must be 1 or more"),
        (lambda: cc.hyper_parameters("foo"), "rule (='foo') must be one of sgd"),
        (lambda: cc.Optimizer("sgd", learning_rate=1, rule=2), "rule (=2) is unknown to sgd"),
        (lambda: cc.batch_norm_forward(X, ONES, None, *running()), "beta (=None) must be an array of real numbers"),
        (lambda: cc.layer_norm_forward(X, ONES, None), "beta (=None) must be an array of real numbers"),
        (lambda: cs231n.ThreeLayerConvNet(3), "input_dim (=3) must be that of one image"),
        (lambda: course_rules.adam(ONES, ONES, 3), "config (=3) must be a dict of settings"),
        (lambda: cs231n.Solver(cs231n.TwoLayerNet(144, 3, 2), 3), "data (=3) must be a dict of arrays"),
    ],
)
def test_what_is_no_argument_at_all_is_named(make, message):
    with pytest.raises(ValueError) as error:
        make()
    assert str(error.value).startswith(message)


LAYERS = {
    "conv2d": lambda version: getattr(cc, f"conv2d_forward{version}")(X, WEIGHT),
    "conv_transpose2d": lambda version: getattr(cc, f"conv_transpose2d_forward{version}")(X, WEIGHT),
    "max_pool2d": lambda version: getattr(cc, f"max_pool2d_forward{version}")(X, 2),
    "avg_pool2d": lambda version: getattr(cc, f"avg_pool2d_forward{version}")(X, 2),
    "layer_norm": lambda version: getattr(cc, f"layer_norm_forward{version}")(X[:, :, 0, 0], ONES, ZEROS),
    "linear": lambda version: getattr(cc, f"linear_forward{version}")(X, np.ones((144, 2))),
    "relu": lambda version: getattr(cc, f"relu_forward{version}")(X),
    "tanh": lambda version: getattr(cc, f"tanh_forward{version}")(X),
    "sigmoid": lambda version: getattr(cc, f"sigmoid_forward{version}")(X),
    "dropout": lambda version: getattr(cc, f"dropout_forward{version}")(X),
}


@pytest.mark.parametrize("version", ["", "_naive"])
@pytest.mark.parametrize("layer", LAYERS)
def test_the_cache_of_another_layer_is_refused(layer, version):
    backward = getattr(cc, f"{layer}_backward{version}")
    out, own = LAYERS[layer](version)
    backward(np.ones_like(out), own)
    others = [make(version)[1] for name, make in LAYERS.items() if name != layer]
    for cache in (*others, (out, own), None):
        with pytest.raises(ValueError, match=r"^cache \(\w+\) must be the \w+Cache that the forward pass"):
            backward(np.ones_like(out), cache)


def test_the_cache_of_another_layer_is_refused_in_float16():
    out, _ = cc.relu_forward(X.astype(np.float16))
    with pytest.raises(ValueError, match=r"^cache \(TanhCache\) must be the SignCache"):
        cc.relu_backward(out, cc.tanh_forward(out)[1])


@pytest.mark.parametrize("name", ["stride", "padding", "dilation"])
def test_settings_beyond_what_positions_can_be_counted_in_are_refused(name):
    for version in ("", "_naive"):
        with pytest.raises(ValueError, match=rf"{name} \(=9223372036854775808\) must be 2147483647 or less"):
            getattr(cc, f"max_pool2d_forward{version}")(X, 1, **{name: 2**63})
    if name != "padding":  # which would be made
        out, cache = cc.max_pool2d_forward(X, 1, **{"stride": 2} | {name: 2**31 - 1})
        assert cc.max_pool2d_backward(out, cache).shape == X.shape


def test_a_window_takes_an_input_size_as_one_number():
    window = cc.Window.of(3, padding=1)
    assert window.output_size(8) == window.output_size([8, 8]) == (8, 8)
    for size in ("8", None, (8,), 8.0):
        with pytest.raises(ValueError, match=r"^input_size \(="):
            window.output_size(size)


def test_a_field_of_more_cells_than_64_bits_count_does_not_wrap_around():
    far = [cc.Window.of(2, stride=2**30, padding=2**30)] * 3
    top = cc.receptive_fields(far, 1)[-1]
    assert top.jump == (2**90, 2**90)
    assert top.size == (1 + 1 + 2**30 + 2**60,) * 2
    assert top.start == (-(2**30) - 2**60 - 2**90,) * 2
    with pytest.raises(ValueError, match=r"must stay below 2\*\*63 cells"):
        cc.connection(far, 1)


@pytest.mark.parametrize("rule", ["momentum", "rmsprop", "adam"])
def test_a_memory_that_is_the_parameter_or_another_one_is_refused(rule):
    w = np.ones(3)
    keys = cc.optim.MEMORY[rule]
    with pytest.raises(ValueError, match="must not share memory"):
        getattr(cc, rule)(w, np.ones(3), {keys[0]: w}, learning_rate=0.1)
    if len(keys) > 1:
        with pytest.raises(ValueError, match="must not share memory"):
            getattr(cc, rule)(w, np.ones(3), dict.fromkeys(keys, np.zeros(3)), learning_rate=0.1)
    np.testing.assert_array_equal(w, 1)


def test_steps_that_no_training_has_taken_are_refused():
    for steps in (-1, 1.5, "a", None, [1]):
        with pytest.raises(ValueError, match=r"^state\['t'\] \(="):
            cc.adam(np.ones(2), np.ones(2), {"t": steps}, learning_rate=0.1)
    with pytest.raises(ValueError, match=r"^state \(NoneType\) must be a dict"):
        cc.adam(np.ones(2), np.ones(2), None, learning_rate=0.1)


def test_a_masked_parameter_is_refused_as_its_mask_would_be_ignored():
    with pytest.raises(ValueError, match=r"params\['w'\] \(MaskedArray\) must be a floating array"):
        cc.Optimizer("sgd", learning_rate=0.1).step({"w": np.ma.ones(2)}, {"w": np.ones(2)})
    with pytest.raises(ValueError, match="MaskedArray"):
        cc.numeric_gradient(np.sum, np.ma.ones(2))
    with pytest.raises(ValueError, match=r"grads \(list\) must be a dict"):
        cc.Optimizer("sgd", learning_rate=0.1).step({}, [])
