"""How a network does on pictures that it does not learn from: what it takes for what, and where it is most wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnn_core.checks import Array, labels
from cnn_core.loss import softmax
from cnn_core.network import Network


# eq=False: comparing arrays has no single truth value.
@dataclass(frozen=True, eq=False)
class Evaluation:
    """Labels `truth` (N,) and what the network makes of the same pictures: `probabilities` (N,K).

    Raises ValueError for labels of another shape or of classes that there are not.
    """

    truth: Array
    probabilities: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "truth", labels("truth", self.truth, *self.probabilities.shape))

    @property
    def guesses(self) -> Array:
        """The class that the network thinks most likely, (N,)."""
        found: Array = self.probabilities.argmax(axis=1)
        return found

    @property
    def accuracy(self) -> float:
        """Share of pictures named right."""
        return float(np.mean(self.guesses == self.truth))

    @property
    def confusion(self) -> Array:
        """(K,K) counts: how many pictures of the row's class were taken for the column's."""
        classes = self.probabilities.shape[1]
        counts: Array = np.bincount(self.truth * classes + self.guesses, minlength=classes**2)
        return counts.reshape(classes, classes)

    def confused(self) -> list[tuple[int, int]]:
        """Pairs of classes that were taken for one another, either way, the most often confused first."""
        wrong = np.triu(self.confusion + self.confusion.T, 1)
        first, second = np.nonzero(wrong)
        order = np.argsort(-wrong[first, second], kind="stable")
        return list(zip(first[order].tolist(), second[order].tolist(), strict=True))

    def worst(self, count: int) -> Array:
        """The pictures named wrong, those first whose true class seemed least likely; at most `count` indices."""
        return self._doubtful(self.guesses != self.truth, count)

    def taken_for(self, truth: int, guess: int, count: int) -> Array:
        """The pictures of one class that were taken for another, or for their own; in the order of `worst`."""
        return self._doubtful((self.truth == truth) & (self.guesses == guess), count)

    def _doubtful(self, chosen: Array, count: int) -> Array:
        among = np.flatnonzero(chosen)
        chances = self.probabilities[among, self.truth[among]]
        found: Array = among[np.argsort(chances, kind="stable")][:count]
        return found


def evaluate(network: Network, x: Array, y: Array) -> Evaluation:
    """What a network makes of pictures x (N,C,H,W), normalised as it was trained, with labels y (N,).

    Raises ValueError where N is 0, x and y differ in length, y holds other than labels of the network's classes, or the
    scores are not finite: the weights have diverged.
    """
    if len(x) != len(y) or not len(x):
        raise ValueError(f"x (={len(x)} pictures) must have one label each in y (={len(y)}), and at least one")
    y = labels("y", y, len(x), network.num_classes)
    with np.errstate(all="ignore"):
        scores = network.scores(x)
    if not np.isfinite(scores).all():
        raise ValueError("scores must be finite numbers: the network has diverged, look at an earlier step")
    return Evaluation(y, softmax(scores))
