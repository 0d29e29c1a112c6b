"""How many test pictures keep their answer when they are shifted by a pixel, and what helps: trained when somebody asks."""

from __future__ import annotations

from functools import partial

import streamlit as st

from cnn_core.robustness import Kept
from cnn_core.robustness.cures import AS_IT_IS, SHIFTED, UNSHIFTED, Cures
from cnn_core.training import TrainingConfig
from pages.address import messages
from pages.controls.explored import Explored
from pages.sections.beside import Work, follow
from pages.server.shifts import busy_with_others, cures_of, share_kept, start

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
BUSY = "The server trains the cures of another network; they are done soon, or cancelled."


def how_many_stay(seen: Explored) -> None:
    """The shares of these weights, then the cures side by side."""
    st.markdown("**Does a shift by one pixel change its answers?**", help=MEANT)
    try:
        with st.spinner("Shifting the test pictures by a pixel"):  # seen after half a second
            kept = share_kept(seen.weights, seen.network, seen.data)
        cures = cures_of(seen.config)
    except ValueError as error:
        messages.error(error)
        return
    pictures = f"{kept.pictures:,} test picture{'s'[: kept.pictures > 1]}"
    st.markdown(
        f"Shifted by one pixel, **{kept.kept:.0%}** of the answers for {pictures} stay (for {kept.kept_all:.0%} at all four "
        f"shifts), while **{kept.accuracy:.0%}** are right."
    )
    if len(cures.names) > 1:
        with st.container(key="cures"):
            follow(partial(_work, seen.config), partial(_table, cures))


def _work(config: TrainingConfig) -> Work:
    cures = cures_of(config)
    others = ", ".join(NAMES[name] for name in cures.names[1:])
    return Work(
        cures,
        "Train the cures",
        f"The same training {len(cures.names)} times, on this server, beside everything else: {NAMES[AS_IT_IS]}, and with one "
        f"thing changed each: {others}.",
        "trainings",
        len(cures.names),
        partial(start, config),
        BUSY if busy_with_others(config) else "",
    )


def _table(cures: Cures) -> None:
    """What is trained so far, and what helped most once all are."""
    rows = {one.cure: one.kept for one in cures.trained}
    if not rows:
        return
    lines = ["| trained | right | kept | all four |", "|:--|--:|--:|--:|"]
    lines += [f"| {NAMES[name]} | {_shares(kept)} |" for name, kept in rows.items()]
    st.markdown("\n".join(lines))
    there = {name: kept for name, kept in rows.items() if kept is not None}
    if cures.state == "done" and AS_IT_IS in there:
        best = max(there, key=lambda name: there[name].kept)
        gained = f"{there[best].kept:.0%} instead of {there[AS_IT_IS].kept:.0%}"
        st.caption(
            "None keeps more answers than it does as it is."
            if best == AS_IT_IS
            else f"Most stay with {NAMES[best]}: {gained}."
        )


def _shares(kept: Kept | None) -> str:
    return "diverged | | " if kept is None else f"{kept.accuracy:.0%} | {kept.kept:.0%} | {kept.kept_all:.0%}"
