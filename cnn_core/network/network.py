"""A network built from a plan: its weights, the loss with all gradients, and what it makes of pictures."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cnn_core.checks import Array, drop_probability, not_negative, numbers, whole
from cnn_core.loss import LossParts, accuracy, softmax, softmax_cross_entropy
from cnn_core.machine.in_place import add_scaled
from cnn_core.machine.sums import sum_columns
from cnn_core.network.build import build, fused, least_batch
from cnn_core.network.layers import Arrays, Mode
from cnn_core.network.spec import NetworkSpec, single_or_double

WEIGHTS = {"conv": 3, "linear": 4}  # what a random generator is for; the solver and the data have 0 to 2
CHUNK = 1 << 24  # bytes of the largest map of the images handled at once where no gradient is needed


class Network:
    """The network of a plan, with L2 on the weights of its convolutions and fully connected layers.

    input_shape: (C, H, W) of one image. reg: the loss holds 0.5 * reg * sum(W * W). dtype: float32 or float64. seed: of
    the weights; each layer draws its own by its kind and number, so that a norm or a layer more changes none of the others.

    layers: in order, from the input to the scores. params: by name: conv1.weight (F, C, KH, KW), conv1.bias (F,),
    norm1.gamma, norm1.beta, linear1.weight (D, M), linear1.bias, ... buffers: what batch norm keeps, norm1.running_mean and
    norm1.running_var. reg and dropout (the probability to drop) may be changed at any time.
    Raises ValueError where a layer does not fit onto the map below it, for a negative or not finite reg, now or later, for a
    dropout that is no probability, and for another spec, shape, number of classes, dtype or seed.
    """

    def __init__(
        self,
        spec: NetworkSpec,
        input_shape: tuple[int, int, int],
        num_classes: int,
        *,
        reg: float = 0.0,
        dtype: Any = np.float32,
        seed: int = 0,
    ) -> None:
        whole("seed", seed, 0)
        self.dtype, self.reg = single_or_double(dtype), reg
        self.layers = build(spec, input_shape, num_classes)
        channels, height, width = map(int, input_shape)
        self.spec, self.input_shape, self.num_classes = spec, (channels, height, width), int(num_classes)
        self.dropout = spec.dropout
        self.params: Arrays = {}
        self.buffers: Arrays = {}
        for layer in self.layers:
            for name, shape in layer.params.items():
                self.params[name] = _initial(name, shape, spec, seed).astype(self.dtype)
            for name, shape in layer.buffers.items():
                self.buffers[name] = np.full(shape, float(name.endswith("_var")), dtype=self.dtype)
        self._fast = fused(self.layers)

    @property
    def reg(self) -> float:
        """The strength of L2: a finite number, 0 or more."""
        return self._reg

    @reg.setter
    def reg(self, value: float) -> None:
        self._reg = not_negative("reg", value)

    @property
    def dropout(self) -> float:
        """The probability to drop a number: at least 0 and below 1."""
        return self._dropout

    @dropout.setter
    def dropout(self, value: float) -> None:
        self._dropout = drop_probability("dropout", value)

    def loss_parts(
        self,
        x: Array,
        y: Array,
        *,
        into: Arrays | None = None,
        rng: np.random.Generator | None = None,
        watch: Arrays | None = None,
    ) -> LossParts:
        """Data loss, L2 loss and all gradients for images x (N, C, H, W) with labels y (N,), as in training.

        into: arrays by parameter name, of the parameters' shapes and dtype, to write the gradients to; new ones without it.
        rng: for the luck of dropout. watch: a dict to put each layer's output into, by the layer's name; it changes no result.
        Batch norm's running statistics follow the images, unless this raises or the loss is not finite: then they stay.
        Raises ValueError for other shapes, arrays and labels, and for fewer images than `least_batch`.
        """
        _check_into(into, self.params)
        kept, finite = {name: array.copy() for name, array in self.buffers.items()}, False
        try:
            parts = self._loss_parts(x, y, into, rng, watch)
            finite = math.isfinite(parts.data_loss)
        finally:
            if not finite:
                self._put_back(kept)
        return parts

    def _loss_parts(
        self, x: Array, y: Array, into: Arrays | None, rng: np.random.Generator | None, watch: Arrays | None
    ) -> LossParts:
        grads = {name: np.empty_like(w) for name, w in self.params.items()} if into is None else into
        mode, x = Mode(True, self.dropout, rng), self.images(x)
        if watch is not None and self._fast is not self.layers:
            self._watch_first_block(x, watch)
        caches, out = [], x
        for layer in self._fast:
            out, cache = layer.forward(out, self._arrays, mode)
            caches.append(cache)
            if watch is not None and layer.kind != "block":
                watch[layer.name] = out
        data_loss, dout = softmax_cross_entropy(out, y)
        for layer, cache in zip(reversed(self._fast), reversed(caches), strict=True):
            dout = layer.backward(dout, cache, grads)
        reg_loss = 0.0
        for name, w in self.params.items():
            if name.endswith(".weight"):
                row = w.reshape(1, -1)
                reg_loss += 0.5 * self.reg * float(sum_columns(row, row)[0])
                add_scaled(grads[name], self.reg, w)
        return LossParts(data_loss, reg_loss, grads)

    @property
    def least_batch(self) -> int:
        """How many images a training step needs at least: two where batch norm finds one number a channel in an image."""
        return least_batch(self.layers)

    def scores(self, x: Array) -> Array:
        """Class scores (N, num_classes) for images x (N, C, H, W), in chunks, as in use: batch norm as learned, no dropout."""
        x = self._checked(x)
        out = np.empty((len(x), self.num_classes), dtype=self.dtype)
        largest = max(math.prod(layer.shape) for layer in self.layers) * self.dtype.itemsize
        images = min(256, max(1, CHUNK // largest))
        for start in range(0, len(x), images):
            part = x[start : start + images].astype(self.dtype, copy=False)
            for layer in self._fast:
                part, _ = layer.forward(part, self._arrays, Mode())
            out[start : start + images] = part
        return out

    def accuracy(self, x: Array, y: Array) -> float:
        """Share of images x (N, C, H, W) whose largest score is their label's in y (N,); ValueError for other labels."""
        return accuracy(self.scores(x), y)

    def probabilities(self, x: Array) -> Array:
        """Softmax of the scores: (N, num_classes)."""
        return softmax(self.scores(x))

    def feature_maps(self, x: Array) -> Arrays:
        """What every layer makes of images x (N, C, H, W), by its name and in order; last "softmax", the probabilities."""
        out, maps = self.images(x), {}
        for layer in self.layers:
            out, _ = layer.forward(out, self._arrays, Mode())
            maps[layer.name] = out
        return maps | {"softmax": softmax(out)}

    def first_not_finite(self, x: Array, y: Array) -> str | None:
        """Where the first number that is not finite turns up: in a layer's output, in the loss, or in a gradient."""
        with np.errstate(all="ignore"):
            watch: Arrays = {}
            parts = self._without_changing_buffers(x, y, watch)
        for layer in self.layers:
            if not all(np.isfinite(self._arrays[name]).all() for name in layer.params):
                return f"the weights of {layer.name}"
            if not np.isfinite(watch[layer.name]).all():
                return f"the output of {layer.name}"
        if not math.isfinite(parts.data_loss):
            return "the loss"
        if not math.isfinite(parts.reg_loss):
            return "the L2 term of the loss"
        bad = [name for name in reversed(self.params) if not np.isfinite(parts.grads[name]).all()]
        return f"the gradient of {bad[0]}" if bad else None

    def _without_changing_buffers(self, x: Array, y: Array, watch: Arrays) -> LossParts:
        kept, dropout = {name: b.copy() for name, b in self.buffers.items()}, self.dropout
        self.dropout = 0.0
        try:
            return self.loss_parts(x, y, watch=watch)
        finally:
            self.dropout = dropout
            self._put_back(kept)

    def _put_back(self, buffers: Arrays) -> None:
        for name, array in buffers.items():
            self.buffers[name][...] = array

    def _watch_first_block(self, x: Array, watch: Arrays) -> None:
        """The outputs that the fused first block does not make on its way."""
        out = x
        for layer in self.layers[:3]:
            out, _ = layer.forward(out, self._arrays, Mode())
            watch[layer.name] = out

    @property
    def _arrays(self) -> Arrays:
        return {**self.params, **self.buffers} if self.buffers else self.params

    def _checked(self, x: Array) -> Array:
        x = numbers("x", x)
        if x.ndim != 4 or x.shape[1:] != self.input_shape:
            raise ValueError(f"x (shape {x.shape}) must hold images of shape {self.input_shape}: (N, C, H, W)")
        return x

    def images(self, x: Array) -> Array:
        """Images x (N, C, H, W) in the network's dtype. Raises ValueError for another shape."""
        return self._checked(x).astype(self.dtype, copy=False)


def _check_into(into: object, params: Arrays) -> None:
    if into is None:
        return
    if not isinstance(into, dict) or not into.keys() >= params.keys():
        raise ValueError(f"into (={str(into)[:40]}) must be a dict with an array for each of {', '.join(params)}")
    for name, w in params.items():
        array = into[name]
        if not isinstance(array, np.ndarray) or (array.shape, array.dtype) != (w.shape, w.dtype):
            raise ValueError(
                f"into[{name!r}] (shape {np.shape(array)}, {getattr(array, 'dtype', type(array).__name__)}) must be shaped as "
                f"the parameter, {w.shape}, and {w.dtype}"
            )


def first_filters(spec: NetworkSpec, input_shape: tuple[int, int, int], num_classes: int, *, seed: int = 0) -> Array:
    """The first convolution's weights (F, C, HH, WW) before training, as a `Network` has them, without the rest of it, which
    may be large. seed: as there, default 0. Raises ValueError where a layer does not fit."""
    return _initial(*next(iter(build(spec, input_shape, num_classes)[0].params.items())), spec, seed).astype(np.float32)


def _initial(name: str, shape: tuple[int, ...], spec: NetworkSpec, seed: int) -> Array:
    """The parameters before training: gamma 1, beta and bias 0, weights drawn as the plan says."""
    layer, _, ending = name.partition(".")
    if ending != "weight":
        return np.full(shape, float(ending == "gamma"))
    if len(shape) == 4:  # (F, C, KH, KW)
        kind, area = "conv", shape[2] * shape[3]
        fan_in, fan_out = shape[1] * area, shape[0] * area
    else:  # (D, M)
        kind, (fan_in, fan_out) = "linear", shape
    deviation = {
        "he": math.sqrt(2 / fan_in),
        "xavier": math.sqrt(2 / (fan_in + fan_out)),
        "fixed": spec.weight_scale,
    }[spec.weight_init]
    rng = np.random.default_rng([seed, WEIGHTS[kind], int(layer.removeprefix(kind))])
    return rng.normal(0, deviation, shape)
