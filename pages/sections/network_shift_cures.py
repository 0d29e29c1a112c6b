"""How many test pictures keep their answer when they are shifted by a pixel, and what helps: trained when somebody asks."""

from __future__ import annotations

from functools import partial

import streamlit as st

from cnn_core.robustness import Kept
from cnn_core.robustness.cures import AS_IT_IS, SHIFTED, UNSHIFTED
from cnn_core.shares import percent
from cnn_core.training import TrainingConfig
from pages.address import messages
from pages.controls.explored import SHIPPED, Explored
from pages.sections.beside import Work, follow
from pages.server.shifts import cures, share_kept

NAMES = {
    AS_IT_IS: "as it is",
    SHIFTED: "shifted in training",
    UNSHIFTED: "not shifted in training",
    "avg": "average pooling",
    "blur": "blur before stride",
}
MEANT = (
    "A shift by one pixel up, down, left or right; black comes in. kept: the share of answers, right or wrong, that stay, as a "
    "mean over the four. all four: the share of pictures whose answer stays at each of them."
)
MINUTES = "three minutes"  # at most, for the steps and for the test pictures of all
NOT_SHIFTED = 0.72  # measured: `cures` of the shipped network, "unshifted", all 100 epochs, on the 360 test digits


def how_many_stay(seen: Explored) -> None:
    """The shares of these weights, then the cures side by side."""
    st.markdown("**Does a shift by one pixel change its answers?**", help=MEANT)
    bar = st.empty()

    def progress(done: int, total: int) -> None:
        bar.progress(done / total, f"Shifting {total:,} test pictures by a pixel")

    try:
        kept = share_kept(seen.weights, seen.network, seen.data, progress)
        names = cures.of(seen.config).names
    except ValueError as error:
        messages.error(error)
        return
    bar.empty()
    there = len(seen.data.dataset.test.y)
    first = f"the first {kept.pictures:,} of {there:,}" if kept.pictures < there else f"{kept.pictures:,}"
    st.markdown(
        f"Shifted by one pixel, **{percent(kept.kept)}** of the answers for {first} test picture{'s'[: there > 1]} stay (for "
        f"{percent(kept.kept_all)} at all four shifts), while **{percent(kept.accuracy)}** are right."
        + _why(seen)
        * (UNSHIFTED in names)
    )
    if len(names) > 1:
        with st.container(key="cures"):
            follow(partial(_work, seen.config), partial(_table, seen.config))


def _why(seen: Explored) -> str:
    """Why a network that was trained on shifted pictures shows no harm."""
    if seen.step == 0 or (seen.run is None and seen.weights != SHIPPED):
        return ""  # not trained yet
    if seen.weights == SHIPPED:
        without = f"without, it keeps {percent(NOT_SHIFTED)} (measured with the same settings, seed and 100 epochs)"
    else:
        without = "train the cures to see how many it keeps without"
    return f" It was trained on shifted pictures; {without}."


def _work(config: TrainingConfig) -> Work:
    work = cures.of(config)
    others = ", ".join(NAMES[name] for name in work.names[1:])
    count = len(work.names)
    return Work(
        work,
        "Train the cures",
        f"The same training {count} times, on this server, beside everything else: {NAMES[AS_IT_IS]}, and with one thing "
        f"changed each: {others}. At most {MINUTES}; what is not done by then ends after the same number of steps.",
        f"{count} trainings, a step of each in turn: at most {MINUTES}",
        partial(cures.start, config),
        cures.ahead(config),
        f"The server trains the cures of another network, for at most {MINUTES}: then yours can begin.",
    )


def _table(config: TrainingConfig) -> None:
    """What was trained, and what helped most."""
    now = cures.of(config)
    rows = {one.cure: one.kept for one in now.trained}
    if now.state != "done":
        return
    lines = ["| trained | right | kept | all four |", "|:--|--:|--:|--:|"]
    lines += [f"| {NAMES[name]} | {_shares(kept)} |" for name, kept in rows.items()]
    st.markdown("\n".join(lines))
    said = []
    there = {name: kept for name, kept in rows.items() if kept is not None}
    if AS_IT_IS in there:
        best = max(there, key=lambda name: there[name].kept)
        gained = f"{percent(there[best].kept)} instead of {percent(there[AS_IT_IS].kept)}"
        most = f"Most stay with {NAMES[best]}: {gained}."
        said.append("None keeps more answers than it does as it is." if best == AS_IT_IS else most)
    if (epochs := now.trained[0].epochs) < config.num_epochs:
        said.append(f"All stopped after {epochs:.3g} of {config.num_epochs:,} epochs: the time was over.")
    st.caption(" ".join(said))


def _shares(kept: Kept | None) -> str:
    shares = () if kept is None else (kept.accuracy, kept.kept, kept.kept_all)
    return " | ".join(map(percent, shares)) or "diverged | | "
