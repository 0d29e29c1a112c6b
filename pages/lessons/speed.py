"""How much faster the same layer becomes when it is written for the machine: measured here and now."""

import streamlit as st

from pages.address import messages
from pages.controls import settings
from pages.sections import measuring
from pages.sections.speed_results import code, costs, results

st.markdown(
    "The same layer, written three times: in readable **loops**; **vectorised** with NumPy, as one first writes it (im2col); "
    "and the **fast** version that this app's pages run. They give the same numbers. How long does each take? Press "
    "**Start**, and this server measures it."
)
try:
    with st.sidebar:
        st.header("Measurement")
        dtype = settings.choice(
            "number type (dtype)",
            "dtype",
            ["float64", "float32"],
            help="float64: 8 bytes and some 16 digits a number. float32: 4 bytes and some 7 digits.",
        )
        seconds = settings.scale(
            "seconds for the loops",
            "seconds",
            ["0.2", "0.5", "1", "2", "5"],
            "1",
            help="The most time for the loops, for each layer and direction. With more time they process more of the pictures.",
        )
    plan = measuring.plan(dtype, seconds)
except ValueError as error:
    messages.error(error)
    st.stop()

running, found = measuring.asked(), measuring.report()
with st.container(horizontal=True, vertical_alignment="center"):
    st.button(
        "Start" if found is None else "Start anew",
        key="start",
        icon=":material/play_arrow:",
        type="primary",
        on_click=measuring.ask,
        disabled=running,
        help="Measures on the server that this page comes from.",
    )
    st.button("Stop", key="stop", icon=":material/stop:", disabled=not running, help="What was measured by then stays.")
    st.caption(f"takes up to {6 * seconds + 3:.0f} seconds")
spot, place = st.empty(), st.empty()
if (problem := measuring.problem()) is not None:
    messages.warning(problem)
if found is not None and not running:
    with place.container():
        results(found, plan)
costs(plan)
st.page_link("lessons/im2col.py", label="See how windows become columns", icon=":material/arrow_forward:")
code()
if running:  # at last, so that the page stands while it measures
    measuring.run(plan, spot)
    st.rerun()
