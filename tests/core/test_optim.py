"""Update rules: the course's numbers, PyTorch's steps; the optimizer's memory and its errors."""

import numpy as np
import pytest

from cnn_core import optim
from cnn_core.machine import in_place
from cnn_core.optim import RULES, Optimizer


def line(start, stop):
    return np.linspace(start, stop, 20).reshape(4, 5)


# rule, learning rate, state before; then the first numbers of w and of the state after (w and dw as in the notebook)
COURSE = [
    ("sgd", 1e-2, {}, {"w": [-0.394, -0.34189474, -0.28978947]}),
    ("momentum", 1e-3, {"velocity": line(0.6, 0.9)}, {"w": [0.1406, 0.20738947], "velocity": [0.5406, 0.55475789]}),
    ("rmsprop", 1e-2, {"cache": line(0.6, 0.9)}, {"w": [-0.39223849, -0.34037513], "cache": [0.5976, 0.6126277]}),
    (
        "adam",
        1e-2,
        {"m": line(0.6, 0.9), "v": line(0.7, 0.5), "t": 5},
        {"w": [-0.40094747, -0.34836187], "m": [0.48, 0.49947368], "v": [0.69966, 0.68908382], "t": [6]},
    ),
]


@pytest.mark.parametrize(("rule", "rate", "before", "after"), COURSE, ids=[c[0] for c in COURSE])
def test_one_step_gives_the_courses_numbers(rule, rate, before, after):
    w, state = line(-0.4, 0.6), {key: np.copy(value) for key, value in before.items()}
    RULES[rule](w, line(-0.6, 0.4), state, learning_rate=rate)
    for key, numbers in after.items():
        np.testing.assert_allclose(np.ravel({"w": w, **state}[key])[: len(numbers)], numbers, atol=1e-8)


TORCH = [
    ("sgd", {}, "SGD", {}),
    ("momentum", {}, "SGD", {"momentum": 0.9}),
    ("momentum", {"momentum": 0.5}, "SGD", {"momentum": 0.5}),
    ("nesterov", {}, "SGD", {"momentum": 0.9, "nesterov": True}),
    ("rmsprop", {}, "RMSprop", {}),
    ("rmsprop", {"decay_rate": 0.9, "epsilon": 1e-2}, "RMSprop", {"alpha": 0.9, "eps": 1e-2}),
    ("adam", {}, "Adam", {}),
    ("adam", {"beta1": 0.8, "beta2": 0.9, "epsilon": 1e-2}, "Adam", {"betas": (0.8, 0.9), "eps": 1e-2}),
    ("adamw", {}, "AdamW", {}),
    ("adamw", {"weight_decay": 0.3}, "AdamW", {"weight_decay": 0.3}),
]


@pytest.mark.parametrize(("rule", "hyper", "theirs", "options"), TORCH, ids=str)
def test_pytorch_takes_the_same_steps(rule, hyper, theirs, options):
    torch = pytest.importorskip("torch")
    params = {"a": line(-1, 2), "b": np.array(0.5)}
    tensors = [torch.tensor(p, requires_grad=True) for p in params.values()]
    judge = getattr(torch.optim, theirs)(tensors, lr=0.05, **options)
    ours = Optimizer(rule, learning_rate=0.05, **hyper)
    for _ in range(20):  # the gradient of sum(w^4 - w)
        for tensor in tensors:
            tensor.grad = 4 * tensor.detach() ** 3 - 1
        judge.step()
        ours.step(params, {name: 4 * w**3 - 1 for name, w in params.items()})
    for w, tensor in zip(params.values(), tensors, strict=True):
        np.testing.assert_allclose(w, tensor.detach().numpy(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rule", RULES)
def test_blocks_and_gaps_in_memory_change_nothing(rule, dtype, monkeypatch):
    results = []
    for block, order in [(1 << 15, "C"), (7, "C"), (7, "F")]:
        monkeypatch.setattr(in_place, "BLOCK", block)
        w, state = np.array(line(-1, 2), dtype, order=order), {}
        for _ in range(3):
            assert RULES[rule](w, (w * w).astype(dtype), state, learning_rate=0.1) is None
        assert {w.dtype, *(a.dtype for k, a in state.items() if k != "t")} == {np.dtype(dtype)}
        results.append(w)
    np.testing.assert_allclose(results[1:], [results[0]] * 2, rtol=1e-6)
    assert not np.array_equal(results[0], line(-1, 2).astype(dtype))


@pytest.mark.parametrize("rule", RULES)
def test_the_optimizer_keeps_one_memory_a_parameter_and_resumes_from_it(rule):
    def run(optimizer, params, steps):
        for _ in range(steps):
            optimizer.step(params, {name: w * w for name, w in params.items()})
        return params

    straight = run(Optimizer(rule, learning_rate=0.1), {"a": line(0, 1), "b": line(1, 2)}, 4)
    first, second = (Optimizer(rule, learning_rate=0.1) for _ in range(2))
    params = run(first, {"a": line(0, 1), "b": line(1, 2)}, 2)
    second.state = first.state
    run(second, params, 2)
    alone = run(Optimizer(rule, learning_rate=0.1), {"a": line(0, 1)}, 4)
    for name in params:
        np.testing.assert_array_equal(params[name], straight[name])
    np.testing.assert_array_equal(alone["a"], straight["a"])
    assert first.hyper == optim.hyper_parameters(rule)


def test_the_learning_rate_may_change_between_steps():
    optimizer, w = Optimizer("sgd", learning_rate=1), np.zeros(1)
    for optimizer.learning_rate in (1, 0.5):
        optimizer.step({"w": w}, {"w": np.ones(1)})
    assert w == -1.5
    with pytest.raises(ValueError, match=r"learning_rate \(=0\) must be a finite number above 0"):
        optimizer.learning_rate = 0


@pytest.mark.parametrize(
    ("rule", "options", "message"),
    [
        ("foo", {}, "rule (='foo') must be one of sgd, momentum, nesterov, rmsprop, adam, adamw"),
        ("sgd", {"learning_rate": -1}, "learning_rate (=-1) must be a finite number above 0"),
        ("sgd", {"learning_rate": float("nan")}, "learning_rate (=nan) must be a finite number above 0"),
        ("sgd", {"learning_rate": "fast"}, "learning_rate (='fast') must be a finite number above 0"),
        ("sgd", {"momentum": 0.9}, "momentum (=0.9) is unknown to sgd: it takes none"),
        ("rmsprop", {"beta1": 0.9}, "beta1 (=0.9) is unknown to rmsprop: it takes decay_rate, epsilon"),
        ("adam", {"beta2": 1.0}, "beta2 (=1.0) must be at least 0 and below 1"),
        ("adam", {"epsilon": 0}, "epsilon (=0) must be a finite number above 0"),
        ("adamw", {"weight_decay": -0.1}, "weight_decay (=-0.1) must be a finite number, 0 or more"),
    ],
)
def test_misfits_are_named(rule, options, message):
    with pytest.raises(ValueError) as error:
        Optimizer(rule, **({"learning_rate": 0.1} | options))
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("grads", "message"),
    [
        ({"a": np.ones(2)}, "grads (=['a']) must have the names of params: b in one only"),
        ({"a": np.ones(2), "b": np.ones(1)}, "grads['b'] (shape (1,)) must be shaped as params['b']: (3,)"),
    ],
)
def test_gradients_that_do_not_fit_change_nothing(grads, message):
    params = {"a": np.zeros(2), "b": np.zeros(3)}
    with pytest.raises(ValueError) as error:
        Optimizer("adam", learning_rate=1).step(params, grads)
    assert message in str(error.value)
    assert not any(w.any() for w in params.values())
    with pytest.raises(ValueError, match=r"w \(dtype int64\) must be a floating array"):
        RULES["sgd"](np.zeros(2, int), np.ones(2), {}, learning_rate=1)


@pytest.mark.parametrize("rule", RULES)
def test_float16_is_computed_and_remembered_in_float32(rule):
    half, single = np.ones(3, np.float16), np.ones(3, np.float32)
    states = {}, {}
    for _ in range(2):
        for w, state in zip((half, single), states, strict=True):
            RULES[rule](w, np.array([0, 1e-4, 1], np.float16), state, learning_rate=1e-3)
        single[...] = single.astype(np.float16)  # what a parameter of float16 can hold
    np.testing.assert_array_equal(half, single)
    assert half.dtype == np.float16
    for key in states[0].keys() - {"t"}:
        assert states[0][key].dtype == np.float32
        np.testing.assert_array_equal(states[0][key], states[1][key])


def test_adam_in_float16_divides_by_no_0():
    w, state = np.ones(3, np.float16), {}
    for _ in range(2):
        RULES["adam"](w, np.array([0, 1e-4, 1], np.float16), state, learning_rate=1e-3)
    np.testing.assert_allclose(w, [1, 0.998, 0.998], atol=5e-4)


@pytest.mark.parametrize("rule", RULES)
def test_a_memory_of_float16_becomes_float32(rule):
    w, state = np.ones(3, np.float16), {key: np.ones(3, np.float16) for key in optim.MEMORY[rule]}
    RULES[rule](w, np.full(3, 1e-4), state, learning_rate=1e-3)
    assert {array.dtype for key, array in state.items() if key != "t"} <= {np.dtype(np.float32)}
    assert np.isfinite(w).all()


@pytest.mark.parametrize("given", [[1, 2], [True, False], np.array([1, 2], np.uint8), np.array([1, 2.0])], ids=str)
@pytest.mark.parametrize("rule", RULES)
def test_a_gradient_of_whole_numbers_or_a_list_is_taken(rule, given):
    w, expected = np.ones(2, np.float32), np.ones(2, np.float32)
    RULES[rule](w, given, {}, learning_rate=0.1)
    RULES[rule](expected, np.array(given, np.float32), {}, learning_rate=0.1)
    np.testing.assert_array_equal(w, expected)


def read_only(array):
    array.flags.writeable = False
    return array


# what is wrong with the second of two parameters: its array, its gradient, its state, hyper-parameters set meanwhile; the words
MISFITS = {
    "a read-only parameter": (
        read_only(np.ones(3)),
        np.ones(3),
        {},
        {},
        "read-only array) must be one that can be written",
    ),
    "a parameter of whole numbers": (np.ones(3, int), np.ones(3), {}, {}, "(dtype int64) must be a floating array"),
    "a parameter that is a list": ([1.0], np.ones(1), {}, {}, "(list) must be a floating array"),
    "a gradient of another shape": (np.ones(3), np.ones((3, 1)), {}, {}, "(shape (3, 1)) must be shaped as"),
    "a complex gradient": (np.ones(3), np.ones(3, complex), {}, {}, "must be an array of real numbers"),
    "no gradient": (np.ones(3), None, {}, {}, "must be an array of real numbers"),
    "a memory of another shape": (np.ones(3), np.ones(3), {"m": np.ones(1)}, {}, "must be shaped as state['m']: (1,)"),
    "a memory that is read-only": (np.ones(3), np.ones(3), {"v": read_only(np.ones(3))}, {}, "state['v'] (a read-only"),
    "a rate of NaN": (
        np.ones(3),
        np.ones(3),
        {},
        {"beta1": float("nan")},
        "beta1 (=nan) must be at least 0 and below 1",
    ),
}


@pytest.mark.parametrize("rule", ["adam", "adamw"])
@pytest.mark.parametrize("case", MISFITS)
def test_what_does_not_fit_changes_nothing(case, rule):
    w, dw, state, hyper, words = MISFITS[case]
    first, before = np.ones(2), np.copy(w)
    optimizer = Optimizer(rule, learning_rate=0.1)
    optimizer.state = {"b": dict(state)}
    optimizer.hyper |= hyper
    with pytest.raises(ValueError) as error:
        optimizer.step({"a": first, "b": w}, {"a": np.ones(2), "b": dw})
    assert words in str(error.value)
    assert optimizer.state.keys() == {"b"}
    with pytest.raises(ValueError):
        RULES[rule](w, dw, dict(state), learning_rate=0.1, **hyper)
    np.testing.assert_array_equal(first, [1, 1])
    np.testing.assert_array_equal(w, before)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_refuses_a_learning_rate_of_nan(rule):
    w = np.ones(3)
    with pytest.raises(ValueError, match=r"learning_rate \(=nan\) must be a finite number above 0"):
        RULES[rule](w, np.ones(3), {}, learning_rate=float("nan"))
    np.testing.assert_array_equal(w, 1)


def test_parameters_that_share_memory_are_refused():
    both = np.ones(4)
    optimizer = Optimizer("sgd", learning_rate=0.1)
    with pytest.raises(ValueError, match=r"params\['a'\] must not share memory with params\['b'\]"):
        optimizer.step({"a": both, "b": both[1:3]}, {"a": np.ones(4), "b": np.ones(2)})
    with pytest.raises(ValueError, match=r"params\['a'\] must not share memory with grads\['b'\]"):
        optimizer.step({"a": both, "b": np.ones(4)}, {"a": np.ones(4), "b": both})
    np.testing.assert_array_equal(both, 1)
    table = np.ones((4, 2))  # columns: their memory is interleaved, not shared
    optimizer.step({"a": table[:, 0], "b": table[:, 1]}, {"a": np.ones(4), "b": np.zeros(4)})
    np.testing.assert_allclose(table, [[0.9, 1]] * 4)


@pytest.mark.parametrize("rule", RULES)
def test_a_gradient_in_the_memory_of_its_parameter_is_read_before_the_step(rule):
    numbers = np.arange(1.0, 9)
    expected = numbers[:7].copy()
    RULES[rule](expected, numbers[1:].copy(), {}, learning_rate=0.1)
    RULES[rule](numbers[:7], numbers[1:], {}, learning_rate=0.1)
    np.testing.assert_array_equal(numbers[:7], expected)
