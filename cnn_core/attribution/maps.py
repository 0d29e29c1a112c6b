"""Maps of what counts: for one picture and one class a number for each pixel, by six methods, all from the way back.

| method                 | what it takes                                      | source                                          |
|------------------------|----------------------------------------------------|-------------------------------------------------|
| saliency               | size of the gradient                               | Simonyan et al., 2014, arXiv:1312.6034          |
| gradient x input       | gradient times pixel                               | Shrikumar et al., 2016, arXiv:1605.01713        |
| SmoothGrad             | size of the mean gradient of noisy copies          | Smilkov et al., 2017, arXiv:1706.03825          |
| Grad-CAM               | maps of the last block, each times its mean slope  | Selvaraju et al., 2017, arXiv:1610.02391        |
| occlusion              | what the score loses when a patch is covered       | Zeiler and Fergus, 2014, arXiv:1311.2901        |
| guided backpropagation | size of a gradient that no ReLU lets by if below 0 | Springenberg et al., 2015, arXiv:1412.6806      |

Each takes a network, one picture x (1, C, H, W), normalised as the network's pictures are, and the number of a class, and
gives a map (H, W) in the network's dtype. Where a method has a number for each channel of a pixel, a size is the
largest of the channels, as Simonyan et al. take it, and a term is their sum. All raise ValueError for a picture of another
shape, for more than one, and for a class that does not exist.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cnn_core.attribution.sheet import answer_sheet, one_picture, pieces
from cnn_core.checks import Array, not_negative, up_to, whole
from cnn_core.network import Network, backward_pass, forward_pass, one_score
from cnn_core.network.layers import Activation
from cnn_core.network.passes import Rule

SAMPLES = 25  # noisy copies of SmoothGrad
NOISE = 0.15  # their standard deviation, as a share of the picture's range
PATCH = 4  # an occluding patch is a quarter of the picture's shorter side, and moves by half of itself


def saliency(network: Network, x: Array, label: int) -> Array:
    """How steep the score is over each pixel: |d score / d pixel|, the largest of the channels. (1, C, H, W) gives (H, W)."""
    return _size(_gradient(network, x, label)[0])


def gradient_times_input(network: Network, x: Array, label: int) -> Array:
    """Each pixel's slope times its value, its channels added up: (1, C, H, W) gives (H, W).

    In a piecewise linear network with no norm but batch norm these are the pixel terms of the answer sheet.
    """
    terms: Array = (_gradient(network, x, label) * network.images(x))[0].sum(axis=0)
    return terms


def smooth_grad(
    network: Network, x: Array, label: int, *, samples: int = SAMPLES, noise: float = NOISE, seed: int = 0
) -> Array:
    """The size of the mean gradient of copies with normal noise: (1, C, H, W) gives (H, W).

    samples: how many copies. noise: its standard deviation, as a share of the picture's range (largest minus smallest
    pixel). seed: of the noise. Defaults 25, 0.15, 0.
    """
    x = one_picture(network, x)
    rng = np.random.default_rng(whole("seed", seed, 0))
    spread = not_negative("noise", noise) * np.ptp(x)
    copies = x + rng.normal(0, spread, (whole("samples", samples, 1), *x.shape[1:]))
    return _size(_gradients(network, copies, label).mean(axis=0))


def grad_cam(network: Network, x: Array, label: int) -> Array:
    """Where the last block of convolution sees what speaks for the class: (1, C, H, W) gives (H, W), none below 0.

    Its maps, behind the activation, are added up, each times the mean of the score's gradient over it; what is below 0 is
    cut off, and the sum, coarse as the maps are, is stretched over the picture (bilinear).
    """
    x, label = one_picture(network, x), _class(network, label)
    done = forward_pass(network, x)
    name = [one.name for one in network.layers if isinstance(one, Activation) and len(one.shape) == 3][-1]
    maps, slopes = done.outputs[name][0], backward_pass(done, one_score(done, label)).outputs[name][0]
    seen = np.maximum(np.tensordot(slopes.mean(axis=(1, 2)), maps, axes=1), 0)
    high, wide = (_stretch(few, many) for few, many in zip(seen.shape, x.shape[2:], strict=True))
    stretched: Array = (high @ seen @ wide.T).astype(network.dtype)
    return stretched


def occlusion(network: Network, x: Array, label: int, *, patch: int | None = None) -> Array:
    """What the score loses where a grey patch lies, the mean over all patches that cover a pixel: (1, C, H, W) gives (H, W).

    patch: its side in pixels, at most the shorter side of the picture; default a quarter of that. It moves by half of
    itself. Grey is 0, the mean of the training pictures if they were normalised by it.
    """
    x, label = one_picture(network, x), _class(network, label)
    high, wide = x.shape[2:]
    side = max(1, min(high, wide) // PATCH) if patch is None else up_to("patch", patch, 1, min(high, wide))
    spots = [
        (slice(top, top + side), slice(left, left + side))
        for top in _starts(high, side)
        for left in _starts(wide, side)
    ]
    covered = np.repeat(x, len(spots), axis=0)
    for picture, spot in zip(covered, spots, strict=True):
        picture[:, *spot] = 0
    lost = network.scores(x)[0, label] - network.scores(covered)[:, label]
    total, times = np.zeros((2, high, wide))
    for drop, spot in zip(lost, spots, strict=True):
        total[spot] += drop
        times[spot] += 1
    mean: Array = (total / times).astype(network.dtype)
    return mean


def guided_backpropagation(network: Network, x: Array, label: int) -> Array:
    """As saliency, but on its way back each activation lets nothing by that is below 0: (1, C, H, W) gives (H, W).

    A warning, not an answer: it draws the picture's edges again, whatever the network has learned (Nie et al., 2018,
    arXiv:1805.07039; Adebayo et al., 2018, arXiv:1810.03292).
    """
    return _size(_gradient(network, x, label, guided=True)[0])


def pixel_terms(network: Network, x: Array, label: int) -> Array:
    """What each pixel adds to the score by the answer sheet, its channels added up: (1, C, H, W) gives (H, W), in float64.

    Where a norm divides by what the picture itself has, this is not gradient x input; else it is.
    """
    terms: Array = answer_sheet(network, x).terms[_class(network, label)].sum(axis=0)
    return terms


Method = Callable[[Network, Array, int], Array]
METHODS: dict[str, Method] = {
    "saliency": saliency,
    "gradient_times_input": gradient_times_input,
    "smooth_grad": smooth_grad,
    "grad_cam": grad_cam,
    "occlusion": occlusion,
    "guided_backpropagation": guided_backpropagation,
}


def _gradient(network: Network, x: Array, label: int, guided: bool = False) -> Array:
    return _gradients(network, one_picture(network, x), label, guided)


def _gradients(network: Network, x: Array, label: int, guided: bool = False) -> Array:
    """The gradient of the score, (N, C, H, W), or what guided backpropagation has in its place."""
    rules: dict[str, Rule] = {"activation": lambda dout, dx: np.where(dout > 0, dx, 0)} if guided else {}
    found, label = np.empty(x.shape, network.dtype), _class(network, label)
    for piece in pieces(network, len(x)):
        done = forward_pass(network, x[piece])
        found[piece] = backward_pass(done, one_score(done, label), rules=rules).dx
    return found


def _class(network: Network, label: int) -> int:
    return up_to("label", label, 0, network.num_classes - 1)


def _size(gradient: Array) -> Array:
    """The largest of the channels: (C, H, W) gives (H, W)."""
    largest: Array = np.abs(gradient).max(axis=0)
    return largest


def _starts(length: int, side: int) -> list[int]:
    """Where patches begin, so that they overlap by half and the last one ends where the picture does."""
    return [*range(0, length - side, max(1, side // 2)), length - side]


def _stretch(few: int, many: int) -> Array:
    """The matrix (many, few) that stretches a line of numbers evenly: each new one lies between its two neighbours."""
    places = np.clip((np.arange(many) + 0.5) * few / many - 0.5, 0, few - 1)
    weights: Array = np.maximum(0, 1 - np.abs(places[:, None] - np.arange(few)))
    return weights
