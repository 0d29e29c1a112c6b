"""Which network to look into, and with which picture: the head of the page Network, the same for all its views."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnn_core.checks import Array
from cnn_core.datasets import as_pixels
from cnn_core.network import Network
from cnn_core.training import Run, TrainingConfig
from cnn_core.training.data import TrainingData
from cnn_core.training.shipped import shipped_network
from pages.address import messages
from pages.address.messages import plain
from pages.controls import settings
from pages.controls.drawn_picture import drawn_picture
from pages.controls.fitted import own_picture
from pages.controls.naming import name_of
from pages.controls.words import word_of
from pages.server import runs

SHIPPED, UNTRAINED, OWN = "shipped", "untrained", "own"  # whose weights
TEST, MISTAKES, UPLOAD, DRAWN = "test", "mistakes", "own_picture", "drawn"  # where the picture comes from
ALL = "all"  # classes
MOST_JUDGED = 2000  # test pictures among which the mistakes are looked for


@dataclass(frozen=True)
class Explored:
    """What a view looks into.

    network: as it was after `step` steps of `run`, None for one that is no run's; nobody may write to it. data, config: its
    pictures as it sees them, and all its settings. picture: (C, H, W) float32 from 0 to 1; x: the same as the network takes it,
    (1, C, H, W). truth: its class; None: nobody knows. number: which test picture it is; None: the reader's own. words: what it
    is called. weights, key: the same weights, the same weights and picture, have the same; they are for what is kept of
    earlier looks.
    """

    network: Network
    data: TrainingData
    config: TrainingConfig
    run: Run | None
    step: int | None
    picture: Array
    x: Array
    truth: int | None
    number: int | None
    words: str
    weights: str
    key: str

    def judged(self) -> Array:
        """The test pictures that networks are judged by, the first ones, as this one takes them: (n, C, H, W)."""
        return self.data.normalised(self.data.dataset.test.x[:MOST_JUDGED])

    @property
    def class_words(self) -> list[str]:
        """The classes, for markdown. Elsewhere, in a chart or a list, `data.dataset.class_names`, as they are."""
        return [plain(name) for name in self.data.dataset.class_names]


@dataclass(frozen=True)
class _Net:
    network: Network
    data: TrainingData
    config: TrainingConfig
    run: Run | None
    step: int | None
    key: str


def explored() -> Explored:
    """The choice of network and picture, in one line. What cannot be shown is told, and ends the page's run."""
    head, below = st.container(horizontal=True, vertical_alignment="bottom", key="explored"), st.container()
    with head:
        try:
            net = _net(below)
            picture, truth, number, words = _picture(net, below)
        except (ValueError, OSError) as error:  # a data set, a checkpoint or an upload that is gone, damaged or unfit
            messages.error(error)
            st.stop()
    x = net.data.normalised(picture[None])
    with np.errstate(all="ignore"):
        finite = bool(np.isfinite(net.network.scores(x)).all())
    if not finite:
        st.error(
            "What these weights make of a picture is beyond all bounds: the training diverged. Choose an earlier checkpoint, or "
            "train again with a smaller learning rate."
        )
        st.stop()
    whole = f"{net.key} {words} {hashlib.sha1(picture.tobytes()).hexdigest()}"
    return Explored(
        net.network, net.data, net.config, net.run, net.step, picture, x, truth, number, words, net.key, whole
    )


def _net(below: DeltaGenerator) -> _Net:
    """Whose weights. below: where there is room to say what is gone.

    Raises ValueError or OSError for a run whose data set or checkpoint is gone.
    """
    run = runs.current_run()
    kept = run.checkpoints.iterations() if run is not None else []
    options = ([OWN] if kept else []) + [SHIPPED, UNTRAINED]
    chosen = settings.choice("weights", "weights", options, listed=True, help=HELP)
    if run is not None and chosen == OWN:
        step = _step(run, kept, below)
        network = runs.network_at(run, step)
        version = run.checkpoints.version(step)
        return _Net(network, run.config.training_data(), run.config, run, step, f"{run.id} {step} {version}")
    if run is not None and not kept:
        with below:
            messages.warning(
                "No checkpoint of your training is there any more: you see another network. Train again, or choose another run."
                if run.done
                else "Your training has no checkpoint yet: until it has, you see another network."
            )
    shipped, config = shipped_network()
    if chosen == SHIPPED:
        return _Net(shipped, config.training_data(), config, None, None, SHIPPED)
    config = config if run is None else run.config
    return _Net(untrained(config), config.training_data(), config, None, None, f"{UNTRAINED} {config.as_dict()}")


def _step(run: Run, kept: list[int], below: DeltaGenerator) -> int:
    """The checkpoint that is shown, of those that are kept; in `below`, that the one that was shown before is gone."""
    step = kept[-1]
    if len(kept) > 1:
        step = int(settings.scale("checkpoint: step", "step", [str(each) for each in kept], str(kept[-1])))
    shown = st.session_state.get("step_shown")
    if shown and shown[0] == run.id and shown[1] not in kept:
        with below:
            messages.warning(
                f"The checkpoint after {shown[1]:,} steps is no longer there: you see the one after {step:,}."
            )
    st.session_state["step_shown"] = run.id, step
    return step


HELP = (
    "Trained: the small network that comes with the app, trained on handwritten digits, whose sevens mostly have a bar. Not "
    "trained yet: the same, or your training's, as it was before its first step. Train one on the page Train, and it can be "
    "chosen here, at each checkpoint."
)


@st.cache_resource(max_entries=8, show_spinner=False)
def untrained(config: TrainingConfig) -> Network:
    """The network that a training of this configuration begins with."""
    return config.model()


def _picture(net: _Net, below: DeltaGenerator) -> tuple[Array, int | None, int | None, str]:
    """The picture (C, H, W), its class, its number among the test pictures, and its name in words.

    Raises ValueError for a file that is none.

    below: where there is room for a board to draw on.
    """
    origin = settings.choice("picture from", "source", [TEST, MISTAKES, UPLOAD, DRAWN], listed=True)
    if origin == DRAWN:
        with below:
            drawn = drawn_picture(net.network, net.data)
        if drawn is not None:
            return drawn, None, None, "your drawing"
        test = net.data.dataset.test
        return as_pixels(test.x[0]), int(test.y[0]), 0, "test picture 0"
    if origin == UPLOAD:
        own = own_picture(net.data.image_shape)
        if own is not None:
            return own, None, None, "your picture"
        origin = TEST
    test = net.data.dataset.test
    those = mistakes(net.key, net.network, net.data) if origin == MISTAKES else np.arange(len(test.x))
    if origin == MISTAKES and len(those):
        st.caption(f"Named wrong: {len(those):,} of {min(MOST_JUDGED, len(test.y)):,} test pictures.")
    elif origin == MISTAKES:
        st.caption("It makes no mistake on the test pictures: here are all of them.")
        those = np.arange(len(test.x))
    elif origin == TEST:
        names = net.data.dataset.class_names
        classes = [ALL, *(str(k) for k in range(len(names)) if (test.y == k).any())]
        wanted = settings.choice(
            "class", "class", classes, words=lambda k: k if k == ALL else names[int(k)], listed=True
        )
        those = those if wanted == ALL else np.flatnonzero(test.y == int(wanted))
    number = 0
    if len(those) > 1:
        number = settings.whole("number", "picture", 0, len(those) - 1, 0, help="Pictures the network never saw.")
    index = int(those[number])
    return as_pixels(test.x[index]), int(test.y[index]), index, f"test picture {index}"


@st.cache_data(max_entries=32, show_spinner=False)
def mistakes(key: str, _network: Network, _data: TrainingData) -> Array:
    """Numbers of the test pictures that are taken for another class, those that it is surest of first. key: of the weights."""
    test = _data.dataset.test
    x, y = _data.normalised(test.x[:MOST_JUDGED]), test.y[:MOST_JUDGED]
    with np.errstate(all="ignore"):
        chances = np.nan_to_num(_network.probabilities(x))
    wrong = np.flatnonzero(chances.argmax(axis=1) != y)
    return wrong[np.argsort(chances[wrong, y[wrong]], kind="stable")]


def what_weights(seen: Explored) -> str:
    """Whose weights are looked at, in a sentence."""
    on = plain(word_of("dataset", seen.config.dataset))
    if seen.run is not None:
        name = name_of(seen.run)
        return f"Weights of your training{f' “{name}”' if name else ''} on {on} after {seen.step:,} steps."
    return f"A small network trained on {on}." if seen.weights == SHIPPED else f"Weights before any training, for {on}."
