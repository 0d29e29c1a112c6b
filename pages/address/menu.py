"""The pages of the app: one table, from which the menu, Home's groups, every title and README's list are made."""

from __future__ import annotations

from base64 import b64encode
from copy import copy
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from pages.address.former import PATHS

LESSONS = Path(__file__).parents[1] / "lessons"


@dataclass(frozen=True)
class Page:
    """A page. name: of its script in lessons/; with - for _ it is the page's address. icon: of Google's Material Symbols."""

    name: str
    group: str  # in the menu and on Home, where pages of one group stand together; Home itself has none
    title: str  # in the menu and on the browser's tab
    icon: str
    card: str  # on Home, in a sentence: what one does there
    about: str  # in README: what it shows
    heading: str = ""  # at the top of the page; empty: the title
    sidebar: bool = True  # whether it has settings, which stand in the sidebar

    @property
    def path(self) -> str:
        """What stands in the address behind the server's name."""
        return "" if self is PAGES[0] else self.name.replace("_", "-")

    @property
    def file(self) -> Path:
        """Its script."""
        return LESSONS / f"{self.name}.py"


LAYERS, TRAIN, UNDERSTAND, CHECK = "Look at layers", "Train a network", "Understand", "Check gradients"
PAGES = (
    Page(
        "home",
        "",
        "Home",
        "home",
        "",
        "a small convolution that moves, the ways in, and the three-layer network as a picture that leads to its layers",
        "ConvScope",
        sidebar=False,
    ),
    Page(
        "convolution",
        LAYERS,
        "Convolution",
        "grid_on",
        "Slide a kernel over a picture.",
        "kernels (yours, cell by cell) sliding over patterns, digits, pictures or your own, with a photograph beside it, forward "
        "and on into the backward pass; channels, filters, groups, dilation; the course's demo and the figures of the arithmetic "
        "guide as examples",
    ),
    Page(
        "pooling",
        LAYERS,
        "Pooling",
        "compress",
        "Keep each window's largest number.",
        "max and average pooling, forward and backward; ties; and what `=` for `+=` breaks",
    ),
    Page(
        "transposed",
        LAYERS,
        "Transposed",
        "open_in_full",
        "Spread each number out to enlarge.",
        "the backward step used forward, to enlarge: spreading, or as a convolution over an input with zeros between its cells; "
        "one number of dx followed through three ways",
        "Transposed convolution",
    ),
    Page(
        "im2col",
        LAYERS,
        "im2col",
        "view_column",
        "Make it one product of matrices.",
        "how windows become columns, and the layer one matrix product",
    ),
    Page(
        "normalisation",
        LAYERS,
        "Normalisation",
        "balance",
        "See which numbers share a mean.",
        "batch, layer, group and instance norm on one real tensor: which cells share a mean and a variance, each number written "
        "out, the graph forward and backward node by node; running averages as they settle; batch and group norm, small batches",
        sidebar=False,
    ),
    Page(
        "data",
        TRAIN,
        "Data",
        "photo_library",
        "See what a network learns from.",
        "what a network learns from: the classes, their balance, normalisation and augmentation; MNIST, all of Fashion-MNIST "
        "and CIFAR-10 by download; a zip of your own pictures as a data set",
    ),
    Page(
        "train",
        TRAIN,
        "Train",
        "play_arrow",
        "Watch loss, accuracy and filters.",
        "the three-layer net and its relatives, up to four blocks deep, with presets for what goes right and wrong: "
        "start, pause, step, fork, change the learning rate on the way; loss, accuracy and the first filters on one screen, "
        "activations and gradients of each layer, the confusion matrix and all checkpoints live, to go back to; one weight "
        "through one step, from each picture's share of its gradient to the stored value; what usually helps, to try with one "
        "click; a learning-rate range test",
    ),
    Page(
        "runs",
        TRAIN,
        "Runs",
        "table_rows",
        "Compare and export trainings.",
        "every training that is kept: found, named, several side by side; exported as weights for PyTorch, ONNX, CSV, JSON, a "
        "file for TensorBoard, or a script that repeats it to the bit; weights and settings imported",
        sidebar=False,
    ),
    Page(
        "network",
        UNDERSTAND,
        "Network",
        "hub",
        "See a whole network at work.",
        "your own network, at any checkpoint, or the one that comes with the app, on a test picture, your file or your drawing: "
        "every feature map forward and every gradient backward, down to one product; what its filters look for; why this "
        "answer; and what a shift or a nudge does to it",
        sidebar=False,
    ),
    Page(
        "receptive_field",
        UNDERSTAND,
        "Receptive field",
        "layers",
        "See how far one number looks.",
        "a stack of up to five layers: what one cell sees of the input, and over how many paths",
    ),
    Page(
        "gradient_flow",
        UNDERSTAND,
        "Gradient flow",
        "undo",
        "Walk the backward pass.",
        "the backward pass by itself, and a gradient check that proves it",
    ),
    Page(
        "speed",
        UNDERSTAND,
        "Speed",
        "speed",
        "Time loops, vectorised and fast.",
        "the same layers in loops, vectorised and fast, timed live on the server: speed-up, differences, growth, a roofline",
    ),
    Page(
        "gradient_check",
        CHECK,
        "Gradient check",
        "rule",
        "See whether a gradient is right.",
        "any entry of a layer's or a network's tensors nudged by ±h: the two losses, their quotient and the backward pass's "
        "number written out; a map of the errors; the error over h in float32 and float64; kinks found and explained",
        sidebar=False,
    ),
    Page(
        "find_the_bug",
        CHECK,
        "Find the bug",
        "bug_report",
        "Name a mistake by what it does.",
        "two dozen real mistakes in layers, losses and trainings, by their symptoms only; hints, answers, the lines that differ, "
        "and which test would have caught each",
        sidebar=False,
    ),
    Page(
        "check_your_own",
        CHECK,
        "Check your own",
        "fact_check",
        "Have your own layers judged.",
        "how to have one's own layers and tests judged by `python -m cnn_core.check`, with a report; and the cases that such "
        "reports link to, yours beside ours, with each sum written out",
        sidebar=False,
    ),
)


def by_name(name: str) -> Page:
    """The page whose script has this name."""
    return next(page for page in PAGES if page.name == name)


def groups() -> dict[str, list[Page]]:
    """The pages by group, in the table's order."""
    found: dict[str, list[Page]] = {}
    for page in PAGES:
        found.setdefault(page.group, []).append(page)
    return found


def menu() -> dict[str, dict[StreamlitPage, Page]]:
    """By group the pages for `st.navigation`, which marks those it gets: copies; and of each its entry in the table."""
    return {group: {copy(target(page)): page for page in pages} for group, pages in groups().items()}


@cache
def former() -> dict[StreamlitPage, Page]:
    """Pages in no menu, for addresses of earlier days, and the page that each leads to."""
    return {
        st.Page(lambda: None, title=path, url_path=path, visibility="hidden"): by_name(name)
        for path, name in PATHS.items()
    }


@cache
def icon() -> str:
    """The app's icon as an address that holds it: a file would be read, and told to all browsers anew, at each run."""
    return f"data:image/png;base64,{b64encode(LESSONS.with_name('icon.png').read_bytes()).decode()}"


@cache
def target(page: Page) -> StreamlitPage:
    """The page as Streamlit's links take it; made once: to look its file up at each run would take long."""
    return st.Page(page.file, title=page.title, url_path=page.path or None, default=not page.path)
