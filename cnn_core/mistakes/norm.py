"""Mistakes in batch norm: its gradient, and its running statistics."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cnn_core.checks import Array
from cnn_core.mistakes.cases import SEED, chosen, gradient_case
from cnn_core.mistakes.mistake import Edit, Functions, Mistake, Symptom
from cnn_core.norm import batch_norm_backward_naive, batch_norm_forward_naive

N, C, STEPS = 6, 4, 60
_BOTH_WAYS = "total += (dvariance * 2 * centered[one] - total.sum()) / sets.size  # by way of variance, and of mean"
_UPDATE = "update_running(running, (cache.mean, cache.variance), sets, momentum, unbiased)"


def _gradient(title: str, of: int) -> Callable[[Functions], Symptom]:
    """Of x (N, C), gamma or beta in training."""
    return gradient_case(
        title,
        batch_norm_forward_naive,
        batch_norm_backward_naive,
        *((N, C), (C,), (C,)),
        of=of,
        before={"running_mean": lambda: np.zeros(C), "running_var": lambda: np.ones(C)},
    )


def _company(functions: Functions) -> Symptom:
    """One example in evaluation, in batches with others."""
    rng = np.random.default_rng(SEED)
    go, one, mean, variance = chosen(functions, batch_norm_forward_naive), 1.5, 0.5, 4.0
    x = rng.normal(mean, np.sqrt(variance), (12, 8, 1))
    x[:, 0] = one
    found = [go(batch, [1.0], [0.0], np.array([mean]), np.array([variance]), training=False)[0][0, 0] for batch in x]
    return Symptom(
        "curves",
        "A trained norm layer in use: its output for one and the same example, beside 12 different groups of others",
        np.array(found)[None],
        np.full((1, len(x)), (one - mean) / np.sqrt(variance + 1e-5)),
        "this layer",
        "by hand: (x − running mean) / √(running variance + ε)",
        x="group of others",
        y="output",
    )


def _running(functions: Functions) -> Symptom:
    """The running mean over batches whose mean is 2."""
    rng = np.random.default_rng(SEED)
    batches = 2 + rng.standard_normal((STEPS, 8, 1))
    found = _followed(chosen(functions, batch_norm_forward_naive), batches)
    return Symptom(
        "curves",
        "The running mean of batch norm over the first 60 batches; the numbers of every batch are drawn around 2",
        found[None],
        _followed(batch_norm_forward_naive, batches)[None],
        "this layer",
        "the same batches, written right",
        x="batch",
        y="running mean",
    )


def _followed(go: Callable[..., tuple[Array, object]], batches: Array) -> Array:
    """The running mean after each batch."""
    mean, variance, found = np.zeros(1), np.ones(1), []
    for batch in batches:
        go(batch, [1.0], [0.0], mean, variance, momentum=0.1)
        found.append(mean[0])
    return np.array(found)


NORM = (
    Mistake(
        id="norm-mean-dropped",
        level=4,
        name="The way through the mean is left out of dx",
        family="norm",
        edits=(Edit(batch_norm_backward_naive, _BOTH_WAYS, "total += dvariance * 2 * centered[one] / sets.size"),),
        hint="Move all numbers of a column up by the same amount: what does the output do? What must dx add up to?",
        shows="In dx: each column is off by one number, so it does not add up to 0, although to move a whole column changes "
        "nothing.",
        misses="A check of dgamma and dbeta, which are right; and a check of shapes.",
        catches="A gradient check of dx; or the sum of dx over the batch, which must be 0.",
        like="norm-variance-constant norm-batch-in-test norm-keepdims norm-momentum-turned",
        case=_gradient("dx of batch norm in training, 6 examples, 4 features", 0),
    ),
    Mistake(
        id="norm-variance-constant",
        level=5,
        name="The variance is taken for a constant in dx",
        family="norm",
        edits=(Edit(batch_norm_backward_naive, _BOTH_WAYS, "total -= total.sum() / sets.size"),),
        hint="The columns of dx add up to 0, as they must. Multiply a column of numbers by two: what does the output do?",
        shows="In dx, most where x is far from its mean. Each column adds up to 0, but not times x, as it should.",
        misses="A check of dgamma and dbeta, which are right; and the sum of dx over the batch, which is 0 as it must be.",
        catches="A gradient check of dx with numbers whose dout goes along with x.",
        like="norm-mean-dropped norm-batch-in-test norm-momentum-turned norm-keepdims",
        case=_gradient("dx of batch norm in training, 6 examples, 4 features", 0),
    ),
    Mistake(
        id="norm-keepdims",
        level=4,
        name="A sum keeps its axes (`keepdims`), and is then broadcast",
        family="norm",
        edits=(
            Edit(
                batch_norm_backward_naive,
                "dgamma, dbeta = ((dout * factor).reshape(by_entry).sum(axis=(0, 2)) for factor in (normalized, 1))",
                "dgamma, dbeta = ((dout * factor).reshape(by_entry).sum((0, 2), keepdims=True) for factor in (normalized, 1))",
            ),
            Edit(
                batch_norm_backward_naive,
                "return dx.reshape(sets.shape), sets.parameter(dgamma, dx.dtype), sets.parameter(dbeta, dx.dtype)",
                "return dx.reshape(sets.shape), dgamma[0], dbeta[0]",
            ),
        ),
        hint="All the right numbers are there. What does NumPy make of `gamma - learning_rate * dgamma`?",
        shows="In shapes: (C, 1) and (C,) become (C, C) when one is subtracted from the other, without an error.",
        misses="A look at the numbers; a check that flattens both; a layer with one channel.",
        catches="`assert dgamma.shape == gamma.shape`.",
        like="norm-batch-in-test norm-mean-dropped norm-variance-constant pool-overwrites",
        case=_gradient("dgamma of batch norm, 4 features", 1),
    ),
    Mistake(
        id="norm-batch-in-test",
        level=2,
        name="In test mode the batch's own mean and variance are used, not the running ones",
        family="norm",
        edits=(
            Edit(
                batch_norm_forward_naive,
                "out, cache = _forward_naive(x, gamma, beta, eps, sets, None if training else running)",
                "out, cache = _forward_naive(x, gamma, beta, eps, sets, None)",
            ),
        ),
        hint="Should the answer for one picture depend on which others are asked about?",
        shows="In use: the output for an example changes with its company, and for a batch of one it is 0 or an error.",
        misses="A check of the training mode, forward and backward; an accuracy over large, mixed batches.",
        catches="One example alone and in a batch, in test mode: the outputs must be equal.",
        like="norm-momentum-turned train-dropout-not-scaled norm-variance-constant train-not-shuffled",
        case=_company,
    ),
    Mistake(
        id="norm-momentum-turned",
        level=4,
        name="The momentum of the running mean the wrong way round",
        family="norm",
        edits=(Edit(batch_norm_forward_naive, _UPDATE, _UPDATE.replace("momentum", "1 - momentum")),),
        hint="A running mean is there to be steadier than the batches it follows. PyTorch's 0.1 is the course's 0.9.",
        shows="In the running averages: they jump to each new batch and forget the others, so the test mode gets noise.",
        misses="Any gradient check, and any check in training mode: the running averages are not used there.",
        catches="The running mean after many batches: it must lie near the mean of all, and hardly move.",
        like="norm-batch-in-test train-adam-bias train-dropout-not-scaled norm-mean-dropped",
        case=_running,
    ),
)
