"""Real mistakes, by what they do: the reader names the cause."""

import streamlit as st

from cnn_core.mistakes import Mistake
from pages.address import messages
from pages.address.book import book
from pages.animation.chart import chart
from pages.controls import settings
from pages.figures.symptom import against, gap_in_words, symptom_figure, symptom_filters
from pages.sections.bug_answer import lines, words
from pages.sections.bug_hunt import (
    BUGS,
    ENDED,
    FOUND,
    HELPED,
    SHOWN,
    TRIED,
    became,
    causes,
    progress,
    score,
    start_over,
    take_back,
    tell_strangers,
)
from pages.server.symptoms import symptom, tried

SIGNS = {FOUND: "✓ found", HELPED: "✓ with help", SHOWN: "shown", TRIED: "tried, not found yet"}
codes = list(BUGS)
tell_strangers()
known = progress()


def written(code: str) -> str:
    """A bug on the list. The words stay while it is there: the browser names an option by them."""
    return f"Bug {codes.index(code) + 1}, level {BUGS[code].level} of 5"


def outcome(code: str) -> str:
    """What has become of a bug, with its name once that is no secret any more."""
    return f"{SIGNS[known[code]]}. {BUGS[code].name}" if known[code] in ENDED else SIGNS[known[code]]


def go(by: int) -> None:
    """To the next bug, or the one before."""
    here = codes.index(st.session_state["bug"])
    st.session_state["bug"] = codes[(here + by) % len(codes)]


def try_it(code: str) -> None:
    """Is it the cause that is chosen?"""
    cause = st.session_state.get(f"cause_{code}")
    st.session_state["said"] = code, cause
    if cause is not None:
        became(code, FOUND if cause == code else TRIED)


def ask(bug: Mistake) -> None:
    """The causes to choose from, and what was said to the last choice."""
    options = {mistake.code: mistake for mistake in causes(bug)}
    names = {code: mistake.name for code, mistake in options.items()}
    chosen = st.radio("What is the cause?", options, None, names.__getitem__, f"cause_{bug.code}")
    with st.container(horizontal=True):
        st.button(
            "This is it", key="answer", type="primary", on_click=try_it, args=(bug.code,), disabled=chosen is None
        )
        st.button("Hint", key="hint", icon=":material/lightbulb:", on_click=became, args=(bug.code, TRIED))
        st.button("Show the answer", key="show", on_click=became, args=(bug.code, SHOWN))
    code, cause = st.session_state.get("said", (None, None))
    if code == bug.code and cause in options:
        here = against(symptom(bug.id), symptom(options[cause].id), tried(bug.id, options[cause].id))
        st.warning(
            f"**Not that.** {here} *{names[cause]}*, this is how it shows: {options[cause].shows}",
            icon=":material/close:",
        )
    if known.get(bug.code) == TRIED:
        st.info(f"**Hint.** {bug.hint}", icon=":material/lightbulb:")


st.markdown(
    "Each bug is **a line or two changed** in a real function, which was then run. You see only what comes of it: **name the "
    "cause.**"
)
with st.container(horizontal=True, vertical_alignment="bottom", key="hunt"):
    with st.container(width=430):
        code = settings.choice("bug", "bug", codes, words=written)
    st.button("Previous", key="previous", icon=":material/arrow_back:", on_click=go, args=(-1,))
    st.button("Next", key="next", icon=":material/arrow_forward:", on_click=go, args=(1,))
    with st.popover("Link", icon=":material/link:"):
        st.caption("For a class: this link opens this very bug, and says nothing of its cause.")
        st.code(f"{st.context.url or ''}?bug={code}", language=None, wrap_lines=True)
    with st.popover("Progress", icon=":material/checklist:", disabled=not known):  # nothing moves when it has something
        st.markdown("\n".join(f"- {written(code)}: {outcome(code)}" for code in codes if code in known))
    if st.session_state.get("hunt_before") and not known:
        st.button("Undo", key="undo", icon=":material/undo:", on_click=take_back)
    else:
        st.button(
            "Start over", key="start_over", icon=":material/restart_alt:", on_click=start_over, disabled=not known
        )
if (head := book().head) is not None:
    head.markdown(score(known), width="content")

bug, theme = BUGS[code], st.context.theme.type or "light"
ended = known.get(code) in ENDED
left, right = st.columns([3, 2], gap="medium")
with left:
    seen = symptom(bug.id)
    st.markdown(f"**{messages.plain(seen.title)}**")
    if seen.kind == "filters":
        for name, sheet in symptom_filters(seen, theme):
            st.markdown(name)
            chart(sheet, key=name.replace(" ", "_"), alt=f"{seen.title}: {name}")
    else:
        chart(symptom_figure(seen, theme), key="symptom", alt=f"{seen.title}. {gap_in_words(seen)}")
    st.caption(gap_in_words(seen))

with right:
    if ended:
        if known[code] == SHOWN:
            st.info(f"**The answer:** {bug.name}.", icon=":material/visibility:")
        else:
            st.success(f"**Yes:** {bug.name}.", icon=":material/check_circle:")
        words(bug)
        st.button("Next bug", key="next_bug", type="primary", on_click=go, args=(1,))
    else:
        ask(bug)
if ended:
    lines(bug)
