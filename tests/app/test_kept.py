"""What the server makes once: also where many ask for it at the same time."""

import threading
import time

import streamlit as st

from pages.sections.more_sets import downloads
from pages.server import runs
from pages.server.kept import Once


def test_it_is_made_once_whoever_asks_and_never_before():
    made = []

    @Once
    def kept():
        time.sleep(0.05)
        made.append(object())
        return made[-1]

    assert kept.there() == []
    found = []
    asking = [threading.Thread(target=lambda: found.append(kept())) for _ in range(8)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert len(made) == 1
    assert found == 8 * made
    assert kept.there() == made


def test_what_could_not_be_made_is_tried_again():
    answers = iter([OSError("no"), 7])

    @Once
    def kept():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    try:
        kept()
    except OSError:
        assert kept() == 7


def test_no_clearing_of_streamlits_caches_reaches_it(registry):
    before = downloads()
    st.cache_resource.clear()
    st.cache_data.clear()
    assert downloads() is before

    assert runs.registry() is registry
