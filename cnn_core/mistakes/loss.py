"""Mistakes in what a loss is made of: ReLU before it, softmax, the mean over the batch, and L2."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cnn_core.activation import relu_backward_naive, relu_forward_naive
from cnn_core.gradient_check import numeric_gradient
from cnn_core.loss import softmax_cross_entropy
from cnn_core.mistakes.cases import (
    arrays,
    chosen,
    gradient_case,
    loss_curves,
    network,
    plane,
    trained,
    usual_losses,
)
from cnn_core.mistakes.mistake import Edit, Functions, Mistake, Symptom
from cnn_core.network import ConvBlock, Network, NetworkSpec

STEPS, RATE, REG = 100, 0.1, 0.5


def _with_l2(functions: Functions) -> Symptom:
    """The gradient of a kernel in a small network with L2."""
    plan = NetworkSpec(blocks=(ConvBlock(1, 3),), hidden=(8,))
    model = network(functions, plan, reg=REG, dtype=np.float64)
    batch = arrays(functions).batch(np.arange(20), np.random.default_rng())
    weight = model.params["conv1.weight"]

    def loss(_: object) -> float:
        made = model.loss_parts(*batch)
        return float(made.data_loss + made.reg_loss)

    found = model.loss_parts(*batch).grads["conv1.weight"]
    return Symptom(
        "maps",
        f"dweight of a 3×3 kernel in a network with L2, reg = {REG}",
        plane(found),
        plane(numeric_gradient(loss, weight)),
        also=(("weight: the kernel itself", plane(weight)),),
    )


def _first_losses(functions: Functions) -> Symptom:
    """A training whose loss function has the mistake."""
    return loss_curves(
        f"The loss of a network of 10 classes, 50 pictures a step, learning rate {RATE}; one that knows nothing has the loss "
        f"log 10 = 2.3026",
        trained(functions, STEPS, learning_rate=RATE)[0],
        usual_losses(STEPS, learning_rate=RATE),
    )


def _large_scores(functions: Functions) -> Symptom:
    """The loss of one example, while its scores grow."""
    sizes = np.arange(0, 1001, 25)
    loss = chosen(functions, softmax_cross_entropy)

    def of(loss: Callable[..., tuple[float, object]]) -> list[float]:
        with np.errstate(all="ignore"):
            return [loss(np.array([[float(size), 0.0, 0.0]]), np.array([1]))[0] for size in sizes]

    return Symptom(
        "curves",
        "The loss of one example whose logits are (s, 0, 0) and whose right class is the second; where a line ends it has become "
        "infinite, or no number at all",
        np.array([of(loss)]),
        np.array([of(softmax_cross_entropy)]),
        "this loss",
        "worked out by hand",
        x="s",
        y="loss",
        at=sizes,
    )


LOSS = (
    Mistake(
        id="loss-not-a-mean",
        level=1,
        name="The mean over the batch is forgotten: the loss is a sum",
        family="loss",
        edits=(
            Edit(
                softmax_cross_entropy,
                "loss = float(np.mean(np.log(sums[:, 0]) - shifted[rows, y]))",
                "loss = float(np.sum(np.log(sums[:, 0]) - shifted[rows, y]))",
            ),
            Edit(softmax_cross_entropy, "dscores /= len(scores)", ""),
        ),
        hint="Divide the first loss by 2.3026.",
        shows="The first loss is log 10 times the batch size. The gradient is larger by the same factor, so each step is 50 "
        "times as long as the learning rate means it to be.",
        misses="The gradient check: loss and gradient are both 50 times too large, so they agree.",
        catches="The loss before training: for K classes it must be near log K, whatever the batch size.",
        like="loss-no-maximum train-equal-weights l2-without-half train-labels-shifted",
        case=_first_losses,
    ),
    Mistake(
        id="loss-no-maximum",
        level=3,
        name="Softmax without the largest score subtracted",
        family="loss",
        edits=(Edit(softmax_cross_entropy, "shifted = _shifted(scores)", "shifted = scores"),),
        hint="What is the largest number of float64? From which s on is exp(s) larger?",
        shows="Where a score is above 709 (in float32: above 88), as after some steps with a large learning rate: exp is "
        "infinite, and the loss is no number.",
        misses="Checks with scores near 0, as an untrained network has them: there the result is the same to the last digits.",
        catches="A loss with scores of 1000.",
        like="loss-not-a-mean train-labels-shifted l2-without-half relu-wrong-mask",
        case=_large_scores,
    ),
    Mistake(
        id="relu-wrong-mask",
        level=2,
        name="The mask is taken from the gradient, not from the input",
        family="loss",
        edits=(Edit(relu_backward_naive, "if cache.passes[index]:", "if dout[index] > 0:"),),
        hint="Which sign have all the numbers of this dx? Should they?",
        shows="In about half of the cells: no negative gradient gets through, and positive ones do where x was negative.",
        misses="A check with dout = 1 everywhere and inputs above 0; a check of shapes.",
        catches="A gradient check with random dout, of both signs.",
        like="pool-overwrites pool-all-ties loss-not-a-mean norm-keepdims",
        case=gradient_case("dx of ReLU", relu_forward_naive, relu_backward_naive, (5, 6)),
    ),
    Mistake(
        id="l2-sum-of-weights",
        level=3,
        name="The gradient of L2 is `reg * np.sum(W)`",
        family="loss",
        edits=(
            Edit(
                Network._loss_parts,
                "add_scaled(grads[name], self.reg, w)",
                "grads[name] += self.reg * np.sum(w)",
            ),
        ),
        hint="Subtract the two maps, and compare what is left with the kernel.",
        shows="In every gradient of a weight, with reg above 0: a single number, the sum, is added to all of them.",
        misses="A check with reg = 0; and a check of the loss, which is right.",
        catches="A gradient check of the whole network with reg above 0.",
        like="l2-without-half loss-not-a-mean conv-not-cropped conv-dilation-weight",
        case=_with_l2,
    ),
    Mistake(
        id="l2-without-half",
        level=5,
        name="L2 without 0.5 in the loss, with the gradient of the one with 0.5",
        family="loss",
        edits=(
            Edit(
                Network._loss_parts,
                "reg_loss += 0.5 * self.reg * float(sum_columns(row, row)[0])",
                "reg_loss += self.reg * float(sum_columns(row, row)[0])",
            ),
        ),
        hint="Subtract the two maps, and compare what is left with reg times the kernel.",
        shows="In every gradient of a weight, with reg above 0: the numeric one has reg times the weight more.",
        misses="A check with reg = 0; and a training, which follows the gradient alone: only the loss that it reports is too "
        "large.",
        catches="A gradient check of the whole network with reg above 0.",
        like="l2-sum-of-weights loss-not-a-mean conv-empty-crop conv-dilation-weight",
        case=_with_l2,
    ),
)
