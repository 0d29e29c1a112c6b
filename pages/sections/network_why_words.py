"""What is said of each map: what it means, and where it misleads."""

from __future__ import annotations

from collections.abc import Mapping

from cnn_core.attribution import METHODS, AnswerSheet
from cnn_core.network import Network
from cnn_core.network.layers import Activation
from cnn_core.shares import percent

TERMS, GRADIENT = "terms", "gradient_times_input"  # the map of the answer sheet; the same where no norm is fixed
TITLES = {
    TERMS: "pixel terms",
    GRADIENT: "gradient × input",
    "saliency": "saliency",
    "smooth_grad": "SmoothGrad",
    "grad_cam": "Grad-CAM",
    "occlusion": "occlusion",
    "guided_backpropagation": "guided backprop.",
}
MEANS = {
    TERMS: "What each pixel adds to the score. Change one, and other paths may open: then all terms are others.",
    GRADIENT: "Slope times value. A pixel of mean grey (0) gets nothing, even if its being grey is what tells.",
    "saliency": "How steep the score is over a pixel. A slope tells what a change would do, not what the pixel did.",
    "smooth_grad": "The mean slope of 25 noisy copies. Calmer, but the copies are pictures that nobody asked about.",
    "grad_cam": "Where the last block sees what speaks for the class. Coarse, and what speaks against it is cut off.",
    "occlusion": "What the score loses under a grey patch. A patch makes pictures the network has never seen.",
    "guided_backpropagation": "Slopes without all that falls below 0 on the way. A warning: sharp, as it redraws the picture.",
}
STEEP = "orange is how steep the score is there, up or down alike"
COLOURS = {  # what a map's numbers say, as they are drawn
    TERMS: "orange adds to the score, blue with a minus sign takes away from it",
    GRADIENT: "orange adds to the score, blue with a minus sign takes away from it",
    "saliency": STEEP,
    "smooth_grad": STEEP,
    "grad_cam": "orange speaks for the class; what speaks against it is not shown",
    "occlusion": "under a patch the score falls where it is orange and rises where it is blue with a minus sign",
    "guided_backpropagation": STEEP,
}
BIASES = {"conv": "biases", "norm": "shifts", "linear": "biases"}
SMOOTH = {"tanh": "tanh", "sigmoid": "the sigmoid"}


def names(sheet: AnswerSheet) -> list[str]:
    """The maps to be shown, that of the sheet first: where a norm's deviation was fixed, gradient x input is another one."""
    return [*([TERMS] if sheet.fixed else []), GRADIENT, *(name for name in METHODS if name != GRADIENT)]


def title_and_words(name: str, sheet: AnswerSheet) -> tuple[str, str]:
    """What a map is called, and what it means."""
    if name == GRADIENT and not sheet.fixed:
        return TITLES[TERMS], f"Gradient × input. {MEANS[TERMS]}"
    return TITLES[name], MEANS[name]


def legend(titles: Mapping[str, str]) -> str:
    """How the colours of the maps are to be read; titles: by name, of those that are shown."""
    alike: dict[str, list[str]] = {}
    for name, title in titles.items():
        alike.setdefault(COLOURS[name], []).append(title)
    read = " ".join(f"{some[0][0].upper()}{', '.join(some)[1:]}: {words}." for words, some in alike.items())
    scale = "Every map has its own scale: the background’s colour is 0, full colour its largest size."
    return f"{scale} {read}"


def rows(sheet: AnswerSheet, label: int, network: Network) -> tuple[list[str], list[float]]:
    """The terms of one score: in words, and as numbers that add up to it."""
    kinds = {layer.name: layer.kind for layer in network.layers}
    words = ["pixels", *(f"{name}: {BIASES[kinds[name]]}" for name in sheet.biases)]
    numbers = [float(sheet.terms[label].sum()), *(float(each[label]) for each in sheet.biases.values())]
    if not sheet.linear:
        words.append("not explained")
        numbers.append(float(sheet.missing[label]))
    return words, numbers


def holds(sheet: AnswerSheet, label: int, network: Network) -> str:
    """Whether the sheet is the score, in a sentence or two."""
    missing, score = float(sheet.missing[label]), float(sheet.scores[label])
    if not sheet.linear:
        bending = {one.activation for one in network.layers if isinstance(one, Activation)} & SMOOTH.keys()
        share = f", {percent(abs(missing / score))} of the score" if score else ""
        return (
            f"The sheet does not hold here: {' and '.join(SMOOTH[name] for name in sorted(bending))} bends, so slopes times "
            f"pixels are no sum of the score. It misses by {abs(missing):.3g}{share}."
        )
    apart = f"apart by {abs(missing):.1e}".replace("-", "−") if missing else "equal"
    exact = f"Nothing is left over: in float64 both sides are {apart}."
    if sheet.fixed:
        return (
            f"{exact} {' and '.join(sheet.fixed)} {'divides' if len(sheet.fixed) == 1 else 'divide'} by a deviation of this very "
            "picture: it and the mean count as fixed numbers, so these slopes are not the gradient."
        )
    return exact
