"""Mistakes in training: nothing is wrong with any gradient."""

from __future__ import annotations

import numpy as np

from cnn_core.checks import Array
from cnn_core.dropout import dropout_forward_naive
from cnn_core.mistakes.cases import NONE, arrays, chosen, loss_curves, network, trained, usual_losses
from cnn_core.mistakes.mistake import Edit, Functions, Mistake, Symptom
from cnn_core.network import network as networks
from cnn_core.optim import adam
from cnn_core.solver import Arrays, Solver

STEPS, RATE, FILTER_RATE = 100, 0.1, 0.02
ADAM_STEPS, ADAM_RATE = 40, 0.001


def _dropped(functions: Functions) -> Symptom:
    """The mean of what dropout lets through, of many ones."""
    chances = np.arange(10) / 10
    go = chosen(functions, dropout_forward_naive)
    found = [go(np.ones(4000), p=p, rng=0)[0].mean() for p in chances]
    return Symptom(
        "curves",
        "The mean output of a layer in training and in test mode, over a setting p of it; all its inputs are 1",
        np.array([found]),
        np.ones((1, len(chances))),
        "in training",
        "the same layer in test mode",
        x="p",
        y="mean output",
        at=chances,
    )


def _shifted_labels(functions: Functions) -> Symptom:
    return loss_curves(
        f"The loss of a network that learns handwritten digits, learning rate {RATE}",
        trained(functions, STEPS, learning_rate=RATE)[0],
        usual_losses(STEPS, learning_rate=RATE),
    )


def _in_order(functions: Functions) -> Symptom:
    """The pictures lie sorted by class, as they come from folders."""
    return loss_curves(
        f"The loss of a network that learns handwritten digits, read from ten folders, learning rate {RATE}",
        *(trained(each, STEPS, in_order=True, learning_rate=RATE)[0] for each in (functions, NONE)),
    )


def _filters(functions: Functions) -> Symptom:
    """The first filters after training."""

    def filters(functions: Functions) -> Array:
        _, model = trained(functions, STEPS, learning_rate=FILTER_RATE)
        return model.params["conv1.weight"][:, 0].copy()

    return Symptom(
        "filters",
        f"The 8 first filters of a network after {STEPS} steps of training, each on a colour scale of its own",
        filters(functions),
        filters(NONE),
        "this training",
        "the same training, written right",
    )


def _steps_of_adam(functions: Functions) -> Symptom:
    """How far Adam moves the weights of a network, whose gradients are made for each batch."""

    def moved(functions: Functions) -> Array:
        model, data, rule = network(functions), arrays(functions), chosen(functions, adam)
        states: dict[str, dict[str, object]] = {name: {} for name in model.params}
        found = []
        for step in range(ADAM_STEPS):
            batch = data.batch(np.arange(50) + 50 * (step % 20), np.random.default_rng())
            grads = model.loss_parts(*batch).grads
            before = {name: w.copy() for name, w in model.params.items()}
            for name, w in model.params.items():
                rule(w, grads[name], states[name], learning_rate=ADAM_RATE)
            ways = [np.abs(w - before[name])[grads[name] != 0] for name, w in model.params.items()]
            found.append(np.median(np.concatenate(ways)) / ADAM_RATE)
        return np.array(found)

    return Symptom(
        "curves",
        f"How far the optimiser moves the weights of a network in each of its first {ADAM_STEPS} steps, in learning rates "
        "(their median)",
        moved(functions)[None],
        moved(NONE)[None],
        "this training",
        "the same training, written right",
        x="step",
        y="way / learning rate",
    )


TRAINING = (
    Mistake(
        id="train-labels-shifted",
        level=2,
        name="The labels are shifted by one: each picture has its neighbour's",
        family="training",
        edits=(
            Edit(
                Arrays.batch,
                "return self.x_train[indices], self.y_train[indices]",
                "return self.x_train[indices], self.y_train[indices - 1]",
            ),
        ),
        hint="The network has ten classes. What is the loss of one that can do no better than guess?",
        shows="The loss stays near log 10 = 2.3026, whatever the learning rate: a picture says nothing about the label of "
        "its neighbour.",
        misses="Every check of layers and gradients, and of shapes: all are right.",
        catches="A look at some pictures with their labels, as the network gets them.",
        like="train-not-shuffled loss-not-a-mean train-adam-bias loss-no-maximum",
        case=_shifted_labels,
    ),
    Mistake(
        id="train-equal-weights",
        level=1,
        name="All weights of a layer are equal at the start",
        family="training",
        edits=(Edit(networks._initial, "return rng.normal(0, deviation, shape)", "return np.full(shape, deviation)"),),
        hint="Two filters that are equal get equal gradients.",
        shows="All filters stay equal: they see the same and get the same gradient, so the layer might as well have one of them.",
        misses="The first loss, which is log K; and gradient checks, which are passed by any weights.",
        catches="A look at the filters: no two may be equal before the first step.",
        like="train-not-shuffled train-labels-shifted train-adam-bias train-dropout-not-scaled",
        case=_filters,
    ),
    Mistake(
        id="train-not-shuffled",
        level=3,
        name="The data are never shuffled",
        family="training",
        edits=(
            Edit(
                Solver._indices,
                "self._order = epoch, rng.permutation(self.data.num_train)",
                "self._order = epoch, np.arange(self.data.num_train)",
            ),
        ),
        hint="Twenty steps make an epoch, and there are ten folders. What does a batch of 50 pictures hold?",
        shows="The loss climbs above that of guessing: each batch holds one class only, so the network learns to answer with "
        "that class, and is wrong at the next one.",
        misses="Checks of layers and gradients; data that happen to lie in no order.",
        catches="The labels of the first few batches, printed.",
        like="train-labels-shifted norm-momentum-turned train-adam-bias train-equal-weights",
        case=_in_order,
    ),
    Mistake(
        id="train-dropout-not-scaled",
        level=1,
        name="Dropout does not scale up what it keeps",
        family="training",
        edits=(
            Edit(
                dropout_forward_naive,
                "kept, out, scale = np.empty(x.shape, dtype=bool), np.empty_like(x), 1 / (1 - p)",
                "kept, out, scale = np.empty(x.shape, dtype=bool), np.empty_like(x), 1.0",
            ),
        ),
        hint="In test mode nothing is dropped. Which of the two is the next layer used to?",
        shows="In test mode, where nothing is dropped, the next layer gets larger numbers than it has learned from.",
        misses="The gradient check, which forward and backward pass together: they use the same scale.",
        catches="The mean output in training, which must be near that in test mode, for several p.",
        like="norm-batch-in-test relu-wrong-mask train-equal-weights loss-no-maximum",
        case=_dropped,
    ),
    Mistake(
        id="train-adam-bias",
        level=5,
        name="Adam without the correction of its means",
        family="training",
        edits=(
            Edit(
                adam,
                "unbias = math.sqrt(1 - beta2**t)  # taken out of the root: the same step with fewer passes over the numbers\n"
                "rate = learning_rate * unbias / (1 - beta1**t)",
                "unbias = 1.0\nrate = learning_rate",
            ),
        ),
        hint="Only the first steps differ. How large are Adam's two means when they have begun at 0?",
        shows="In the first steps, which are too large: the 1st 3.2 times, the 12th 6.6 times, the 287th still 2 times. Both "
        "means begin at 0, and the one under the root takes a thousand steps to grow. Then it fades.",
        misses="Gradient checks; and the end of a long training, which is nearly as good.",
        catches="One step from nothing: with any gradient, each number must move by the learning rate.",
        like="loss-not-a-mean norm-momentum-turned l2-without-half train-labels-shifted",
        case=_steps_of_adam,
    ),
)
