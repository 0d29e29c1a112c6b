"""Update rules, and an optimizer that keeps their memory for each parameter.

A rule `rule(w, dw, state, *, learning_rate, ...)` changes the parameter `w` in place by its gradient `dw`, and keeps
what it remembers in the dict `state` (empty at first; the keys are the course's). The formulas are those of CS231n,
"Neural networks 3"; with the same numbers PyTorch's optimizers of these names take the same steps.

`w` is a floating array, `dw` an array of real numbers of its shape. What is remembered has that shape and the dtype of w; for
float16 it is float32, and the step is computed in it. All that is given is looked at first: a ValueError names what does not
fit, a hyper-parameter out of range included, and then nothing has changed.
"""

from __future__ import annotations

import functools
import inspect
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cnn_core.checks import Array, one_of, real
from cnn_core.machine.in_place import by_blocks, fitting, take
from cnn_core.machine.scratch import scratch

Rule = Callable[..., None]
State = dict[str, Any]

RULES: dict[str, Rule] = {}  # by name
MEMORY: dict[str, tuple[str, ...]] = {}  # what each of them remembers for every number of a parameter
_STEPS: dict[str, Rule] = {}  # the rules as they are written down, without the checks before
_LIMITS: dict[str, tuple[Callable[[float], bool], str]] = {  # what each hyper-parameter may be: a test and its words
    **dict.fromkeys(("learning_rate", "epsilon"), (lambda value: value > 0, "a finite number above 0")),
    **dict.fromkeys(("momentum", "decay_rate", "beta1", "beta2"), (lambda v: 0 <= v < 1, "at least 0 and below 1")),
    "weight_decay": (lambda value: value >= 0, "a finite number, 0 or more"),
}


def _rule(*memory: str) -> Callable[[Rule], Rule]:
    """Make a step a rule, which looks at all that it is given before anything changes. memory: the keys of its state."""

    def decorate(step: Rule) -> Rule:
        @functools.wraps(step)
        def rule(w: Array, dw: Array, state: State, **hyper: float) -> None:
            for name in hyper.keys() & _LIMITS.keys():
                _in_range(name, hyper[name])
            take(step, w, fitting("w", w, "dw", dw, state, memory, apart=True), state, memory, hyper)

        if step.__name__ not in RULES:  # a changed copy of a rule takes nobody's place
            RULES[step.__name__], MEMORY[step.__name__], _STEPS[step.__name__] = rule, memory, step
        return rule

    return decorate


@_rule()
def sgd(w: Array, dw: Array, state: State, *, learning_rate: float) -> None:
    """Stochastic gradient descent: w -= learning_rate * dw, for w and dw of one shape. Remembers nothing."""

    def change(w_: Array, dw_: Array) -> None:
        w_ -= learning_rate * dw_

    by_blocks(change, w, dw)


@_rule("velocity")
def momentum(w: Array, dw: Array, state: State, *, learning_rate: float, momentum: float = 0.9) -> None:
    """Gradient descent with momentum: v = momentum * v - learning_rate * dw; w += v, for w and dw of one shape.

    The course's form; it remembers v as `velocity`. PyTorch keeps v / -learning_rate: other steps once the rate changes.
    """
    velocity = state["velocity"]

    def change(w_: Array, dw_: Array, v_: Array) -> None:
        v_ *= momentum
        v_ -= learning_rate * dw_
        w_ += v_

    by_blocks(change, w, dw, velocity)


@_rule("velocity")
def nesterov(w: Array, dw: Array, state: State, *, learning_rate: float, momentum: float = 0.9) -> None:
    """Nesterov's momentum: v = momentum * v - learning_rate * dw; w += momentum * v - learning_rate * dw.

    `w` is the point looked ahead to, as the course rewrites it (its -mu * v_before + (1 + mu) * v is the same step);
    Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013. PyTorch
    (`nesterov=True`) takes the same steps while the rate stays. Remembers `velocity`, shaped as w.
    """
    velocity = state["velocity"]

    def change(w_: Array, dw_: Array, v_: Array) -> None:
        step = learning_rate * dw_
        v_ *= momentum
        v_ -= step
        w_ += momentum * v_ - step

    by_blocks(change, w, dw, velocity)


@_rule("cache")
def rmsprop(
    w: Array, dw: Array, state: State, *, learning_rate: float, decay_rate: float = 0.99, epsilon: float = 1e-8
) -> None:
    """RMSProp (Tieleman and Hinton, Coursera lecture 6.5, 2012). Remembers the mean square, `cache`, shaped as w.

    cache = decay_rate * cache + (1 - decay_rate) * dw^2;  w -= learning_rate * dw / (sqrt(cache) + epsilon).
    """
    cache = state["cache"]

    def change(w_: Array, dw_: Array, c_: Array) -> None:
        c_ *= decay_rate
        c_ += (1 - decay_rate) * dw_ * dw_
        w_ -= learning_rate * dw_ / (np.sqrt(c_) + epsilon)

    by_blocks(change, w, dw, cache)


@_rule("m", "v")
def adam(
    w: Array,
    dw: Array,
    state: State,
    *,
    learning_rate: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
) -> None:
    """Adam (Kingma and Ba, 2015, algorithm 1). Remembers the means `m` and `v`, shaped as w, and `t`, the steps.

    m = beta1 * m + (1 - beta1) * dw;  v = beta2 * v + (1 - beta2) * dw^2;
    w -= learning_rate * m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon).
    """
    m, v, t = state["m"], state["v"], state.get("t", 0) + 1
    unbias = math.sqrt(1 - beta2**t)  # taken out of the root: the same step with fewer passes over the numbers
    rate = learning_rate * unbias / (1 - beta1**t)

    def change(w_: Array, dw_: Array, m_: Array, v_: Array) -> None:
        step = scratch("step", w_.shape, w_.dtype)
        m_ *= beta1
        m_ += np.multiply(dw_, 1 - beta1, out=step)
        v_ *= beta2
        np.multiply(dw_, dw_, out=step)
        step *= 1 - beta2
        v_ += step
        np.sqrt(v_, out=step)
        step += epsilon * unbias
        np.divide(m_, step, out=step)
        step *= rate
        w_ -= step

    by_blocks(change, w, dw, m, v)
    state["t"] = t


@_rule("m", "v")
def adamw(
    w: Array,
    dw: Array,
    state: State,
    *,
    learning_rate: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    weight_decay: float = 1e-2,
) -> None:
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019): w -= learning_rate * weight_decay * w, then Adam.

    The decay does not pass through Adam's means, as a term of the loss would. Remembers what Adam does, shaped as w.
    """
    w *= 1 - learning_rate * weight_decay
    _STEPS["adam"](w, dw, state, learning_rate=learning_rate, beta1=beta1, beta2=beta2, epsilon=epsilon)


class Optimizer:
    """A rule, its hyper-parameters, and its memory for each parameter by name.

    rule: a name in RULES. learning_rate: above 0; it may be set anew between steps. hyper: the rule's own keyword arguments,
    where they differ from its defaults; all of them are kept in `hyper`. `state` holds one dict a parameter, for resuming.
    Parameters are floating arrays of any shape, and a gradient has its parameter's shape.

    Raises ValueError for an unknown rule or hyper-parameter, or one out of range.
    """

    def __init__(self, rule: str, /, *, learning_rate: float, **hyper: float) -> None:
        self.rule = rule
        defaults = hyper_parameters(rule)
        for name, value in hyper.items():
            if name not in defaults:
                raise ValueError(f"{name} (={value!r}) is unknown to {rule}: it takes {', '.join(defaults) or 'none'}")
        self.hyper = defaults | {name: _in_range(name, value) for name, value in hyper.items()}
        self.learning_rate = learning_rate
        self.state: dict[str, State] = {}
        self._apart: list[Array] = []  # the arrays last found to share no memory

    @property
    def learning_rate(self) -> float:
        """The size of the steps: a finite number above 0."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self._learning_rate = _in_range("learning_rate", value)

    def step(self, params: dict[str, Array], grads: dict[str, Array]) -> None:
        """Change each of `params` in place by the gradient of the same name.

        Raises ValueError where a parameter is read-only or shares memory with another or its gradient, or a gradient, a
        state or a hyper-parameter does not fit; then none of them has changed.
        """
        for name, arrays in (("params", params), ("grads", grads)):
            if not isinstance(arrays, Mapping):
                raise ValueError(f"{name} ({type(arrays).__name__}) must be a dict of arrays by name")
        if params.keys() != grads.keys():
            names = sorted(params.keys() ^ grads.keys())
            raise ValueError(f"grads (={sorted(grads)}) must have the names of params: {', '.join(names)} in one only")
        self._check_apart(params, grads)
        hyper = {"learning_rate": self.learning_rate} | {name: _in_range(name, v) for name, v in self.hyper.items()}
        keys, dws = MEMORY[self.rule], {}
        for name, w in params.items():
            dws[name] = fitting(f"params[{name!r}]", w, f"grads[{name!r}]", grads[name], self.state.get(name, {}), keys)
        for name, w in params.items():
            take(_STEPS[self.rule], w, dws[name], self.state.setdefault(name, {}), keys, hyper)

    def _check_apart(self, params: dict[str, Array], grads: dict[str, Array]) -> None:
        arrays = [*params.values(), *grads.values()]
        if len(arrays) == len(self._apart) and all(map(operator.is_, arrays, self._apart)):  # those of the step before
            return
        for name, w in params.items():
            for words, others in (("params", params), ("grads", grads)):
                for other, array in others.items():
                    if other != name and np.shares_memory(w, array):
                        raise ValueError(
                            f"params[{name!r}] must not share memory with {words}[{other!r}]: it would change"
                        )
        self._apart = arrays


def hyper_parameters(rule: str) -> dict[str, float]:
    """The hyper-parameters of a rule in RULES and their defaults, without the learning rate. ValueError for another rule."""
    one_of("rule", rule, RULES)
    keywords = inspect.signature(RULES[rule]).parameters.values()
    return {k.name: k.default for k in keywords if k.kind is k.KEYWORD_ONLY and k.default is not k.empty}


def _in_range(name: str, value: float) -> float:
    return real(name, value, *_LIMITS[name])
