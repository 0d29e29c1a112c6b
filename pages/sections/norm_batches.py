"""Batch norm beside group norm on batches of 1, 2, 4 and 8 pictures: trained when somebody asks, then there for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from cnn_core.training.batch_sizes import NORMS, PICTURES, RATE, SEEDS, SIZES, all_trainings
from pages.animation.chart import chart
from pages.figures.norms import small_batches
from pages.sections.beside import Work, follow
from pages.server.small_batches import comparison


def batch_sizes() -> None:
    """The question, a button, and its results so far."""
    st.subheader("Why group norm? Small batches")
    st.markdown(
        f"The same small network is trained {len(all_trainings())} times: with batch norm and with group norm, in batches of "
        f"{', '.join(map(str, SIZES))}, from the same {len(SEEDS)} seeds. Each training sees {PICTURES} digits; its learning "
        f"rate is {RATE:g} for each picture of a batch. The smaller the batch, the more its mean and variance are a guess; "
        f"group norm takes them from one picture (Wu and He, 2018)."
    )
    follow(_work, _found)


def _work() -> Work:
    now = comparison()
    return Work(
        now,
        "Train them all",
        "Half a minute to some minutes, on the server that this page comes from, beside everything else.",
        f"{len(now.trained)} of {len(all_trainings())} trainings done",
        now.start,
    )


def _found() -> None:
    now = comparison()
    if now.trained:
        found = {
            f"{norm} norm": {size: [round(100 * one, 2) for one in accuracies] for size, accuracies in by_size.items()}
            for norm, by_size in now.found().items()
        }
        chart(small_batches(found, SIZES), key="small_batches")
    if now.state == "done":
        st.markdown(said_of(now.found()))


def said_of(found: Mapping[str, Mapping[int, Sequence[float]]]) -> str:
    """What the accuracies, 0 to 1, by norm and batch size, say of the largest and the smallest batch."""
    large, small = SIZES[-1], SIZES[0]
    first, second = NORMS
    lines = ["The means over the seeds, in percent of the test pictures:", ""]
    for norm in NORMS:
        few, many = found[norm][small], found[norm][large]
        verdict = _verdict(few, many, f"{norm} norm **gains**", f"{norm} norm **loses**")
        lines.append(
            f"- {norm} norm: {_mean(many):.1f} in batches of {large}, {_mean(few):.1f} in batches of {small}. {verdict}"
        )
    for size in (large, small):
        pair = found[first][size], found[second][size]
        verdict = _verdict(*pair, f"{first} norm is **better** by", f"{second} norm is **better** by")
        lines.append(
            f"- batches of {size}: {_mean(pair[0]):.1f} with {first} norm, {_mean(pair[1]):.1f} with {second} norm. {verdict}"
        )
    return "\n".join([*lines, "", "Each dot is one seed; the bars reach from the worst to the best."])


def _mean(accuracies: Sequence[float]) -> float:
    """In percent."""
    return 100 * sum(accuracies) / len(accuracies)


def _verdict(one: Sequence[float], other: Sequence[float], above: str, below: str) -> str:
    """How the mean of `one` lies to the other's; only a difference larger than the seeds of either are apart counts."""
    difference = _mean(one) - _mean(other)
    spread = 100 * max(max(each) - min(each) for each in (one, other))
    if abs(difference) <= spread:
        return f"The difference, {abs(difference):.1f}, is **within the spread** of the seeds, {spread:.1f}."
    said = (
        f"{above if difference > 0 else below} {abs(difference):.1f}, more than the spread of the seeds, {spread:.1f}."
    )
    return said[0].upper() + said[1:]
