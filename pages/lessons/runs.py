"""All runs that are kept: found, compared, described, exported; and weights and settings imported."""

import streamlit as st

from cnn_core.training import StoreError
from cnn_core.training.progress import ACTIVE
from pages.address import messages
from pages.sections.run_card import delete_button, deleted_runs, one_of, undo_bar
from pages.sections.run_comparison import comparison
from pages.sections.run_table import choose, table
from pages.sections.run_upload import upload
from pages.server.runs import registry, tell_trouble

st.markdown(
    "Every training of this server is kept here with its settings, its history and its weights. **Choose one** to name it, to "
    "export it or to delete it; **choose several** to see them side by side."
)
try:
    registry()
except (StoreError, OSError) as error:  # the disk is full, to the last temporary folder
    messages.error(f"no run can be kept ({error}): make room on the disk of this server, then reload this page")
    st.stop()
tell_trouble(None)


def show() -> None:
    """The table, and what was chosen from it."""
    rows, results = registry().rows(), registry().results()
    undo_bar(registry())
    if not rows:
        st.info("No runs yet: start one on the Train page.")
        st.page_link("lessons/train.py", label="Train a network", icon=":material/play_arrow:")
        return
    chosen = table(rows, results)
    with st.container(horizontal=True, vertical_alignment="center"):
        if active := sum(row.state in ACTIVE for row in rows):
            st.button("Look again", key="look", icon=":material/refresh:", help=f"{active} of the runs still go on.")
        if chosen:
            st.button("Choose none", key="choose_none", icon=":material/close:", on_click=choose, args=([],))
        if len(chosen) > 1:
            delete_button([row.id for row in chosen], registry(), f"Delete these {len(chosen)}", key="delete_all")
    if len(chosen) > 1:
        comparison(chosen, results, registry())
    if chosen:
        one_of(chosen, registry())


try:
    show()
    deleted_runs(registry())
except StoreError as error:
    messages.error(error)
upload(registry())
