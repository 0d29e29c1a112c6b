"""Ways to more data sets: downloads, the reader's own pictures, folders on this computer."""

from __future__ import annotations

import streamlit as st

from cnn_core import datasets
from cnn_core.datasets.downloads import Download, Downloads
from cnn_core.datasets.found import KINDS, VARIABLE, found, sets_folder
from cnn_core.datasets.naming import shown
from cnn_core.datasets.own import NAME, remove_pictures
from cnn_core.datasets.passed_over import passed_over
from pages.address import messages, state
from pages.controls.own_pictures import MadeSet, upload
from pages.server.kept import Once

MOST_CLASSES = 300  # characters of their names
REFRESH = 0.5  # seconds between two looks at a download
MADE = "made_set"  # in the session: the set that this visitor made last


@Once
def downloads() -> Downloads:
    """The downloads of this server."""
    return Downloads()


def more_sets(dataset: str) -> None:
    """All of it; `dataset` is the one that the page shows."""
    st.subheader("More data sets")
    running = _running()
    st.fragment(_downloads, run_every=REFRESH if running else None)(datasets.names(), running)
    left, right = st.columns(2)
    with left.container(border=True, height="stretch"):
        _own_pictures(dataset)
    with right.container(border=True, height="stretch"):
        _folders()


def _downloads(known: tuple[str, ...], watching: bool) -> None:
    """A box for each set; looks again by itself while one is on its way."""
    sources = downloads().sources
    drawn = []
    for column, name in zip(st.columns(len(sources)), sources, strict=True):
        with column.container(border=True, height="stretch"):
            drawn.append(_download(name))
    # What was drawn counts, not how it is now: a download that ended a moment later would stay on its way for ever.
    if any(drawn) != watching or datasets.names() != known:
        st.rerun()  # the page decides how often to look, and lists what is there


def _running() -> bool:
    """Is a set on its way?"""
    found = map(downloads().get, downloads().sources)
    return any(download is not None and not download.ended for download in found)


def _download(name: str) -> bool:
    """The box of one set. Was it drawn as on its way?"""
    kind, download, size = KINDS[name], downloads().get(name), downloads().sources[name].size
    st.markdown(f"**{kind.title}**")
    st.caption(f"{kind.source}. Licence: {kind.licence}.")
    if name in datasets.names():
        st.markdown(":material/check: It is here: choose it as **data set**.")
        return False
    if download is not None and not download.ended:
        st.progress(min(1.0, download.done / download.total), text=_progress(download))
        st.button("Cancel", key=f"cancel_{name}", icon=":material/close:", on_click=download.cancel)
        return True
    if download is not None and download.state == "failed":
        messages.error(download.message)
    kept = downloads().kept(name)
    st.button(
        f"Continue: {_megabytes(size - kept)} to go" if kept else f"Download {_megabytes(size)}",
        key=f"download_{name}",
        icon=":material/download:",
        on_click=_start,
        args=(name,),
        help="To the server that this page comes from. It needs a connection to the internet.",
    )
    return False


def _start(name: str) -> None:
    downloads().start(name)


def _progress(download: Download) -> str:
    if download.state == "unpacking":
        return "unpacking"
    return f"{_megabytes(download.done)} of {_megabytes(download.total)}"


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count < 10_000_000 else f"{count / 1e6:.0f} MB"


def _own_pictures(dataset: str) -> None:
    st.markdown("**Your own pictures**")
    if (new := upload()) is not None:
        st.session_state[MADE] = new
        st.rerun()  # the list of data sets has a new entry
    made = st.session_state.get(MADE)
    if made is not None and made.name in datasets.names() and made.name != dataset:
        st.success(messages.plain(_made(made)), icon=":material/check:")
        # A click later than the new entry: a list that gets an entry and is set to it at once does not tell the address.
        st.button("Look at it", key="look", type="primary", on_click=state.put, args=({"dataset": made.name},))
    st.caption(
        "PNG, JPEG, WebP, GIF, BMP or TIFF, three or more of each of 2 to 50 classes. They are kept on this server, where every "
        "visitor can see them."
    )
    if NAME.fullmatch(dataset):
        with st.popover("Remove this set", icon=":material/delete:"):
            st.markdown("Trainings that use it can then no longer go on.")
            st.button("Remove it for good", key="remove_set", on_click=_remove, args=(dataset,))


def _made(made: MadeSet) -> str:
    names = datasets.load(made.name).class_names
    classes = shown(f"{len(names)} classes: {', '.join(names)}", MOST_CLASSES)
    return " ".join([f"{datasets.titles()[made.name]} is one of the data sets now.", f"{classes}.", *made.notes])


def _remove(name: str) -> None:
    remove_pictures(sets_folder(), name)
    state.put({"dataset": datasets.names()[0]})


def _folders() -> None:
    st.markdown("**Files that you have already**")
    st.markdown(
        f"Start the app with the environment variable `{VARIABLE}` set to a folder (or several, as in `PATH`) that holds "
        f"MNIST's or Fashion-MNIST's four IDX files, packed or not, or CIFAR-10's binary files or Python batches (such as "
        f"`cifar-10-batches-py`)."
    )
    st.code(f"{VARIABLE}=~/data/mnist streamlit run app.py", language="bash", wrap_lines=True)
    for name, place in found().items():
        st.caption(f"Found here: {KINDS[name].title}, in the folder {messages.plain(place.folder.name)}")
    for line in passed_over():
        st.caption(f"Not used: {messages.plain(line)}")
