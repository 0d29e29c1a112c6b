"""Several visitors of one real server, each speaking to it as a browser does: what one does must not harm another."""

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg

from cnn_core.training.turns import MOST_WAITING
from tests.app.lesson import as_read
from tests.waiting import until
from tools.browser import serve
from tools.visitor import Visitor

LONG = {"batch_size": 200, "hidden_1": 4, "num_epochs": 50}


@pytest.fixture(scope="module")
def address():
    with serve() as url:
        yield url


def start(visitor, **settings):
    """Start a training on the Train page, at the usual pace; returns its id."""
    visitor.open("train", **LONG, **settings)
    press(visitor, "Start", LONG | settings)
    (query,) = [
        message.page_info_changed.query_string
        for message in visitor.heard
        if message.WhichOneof("type") == "page_info_changed" and "run=" in message.page_info_changed.query_string
    ][-1:]
    return dict(pair.split("=") for pair in query.split("&"))["run"]


def progress(visitor, run):
    """What the Train page says of a run; empty: nothing."""
    visitor.open("train", run=run)
    return "".join(as_read(bar.text) for bar in visitor.elements("progress"))


def press(visitor, label, query=None):
    """Press a button of the page."""
    (button,) = [button for name, button in visitor.buttons() if name == label]
    visitor.ask(query or {}, (button,))


def said(visitor):
    """The alerts of the page."""
    return [as_read(alert.body) for alert in visitor.elements("alert")]


def clear_cache(visitor):
    """The message that a front end sends for "Clear cache" in Streamlit's menu of developers."""
    message = BackMsg()
    message.clear_cache = True
    visitor.send(message)
    visitor.ask()


def test_a_visitor_who_clears_the_cache_takes_nothing_from_the_others(address):
    with Visitor(address) as reader, Visitor(address) as attacker:
        run = start(reader)
        until(lambda: "running: step" in progress(reader, run))
        attacker.open("train")
        clear_cache(attacker)
        for visitor in (reader, attacker):
            assert "running: step" in progress(visitor, run)
            assert not any("in use" in text or "not known" in text for text in said(visitor))
        reader.open("train", run=run)
        press(reader, "Stop")
        until(lambda: "stopped at step" in progress(reader, run))


def test_a_browser_that_starts_many_runs_waits_by_itself(address):
    """Each tab starts one, as a session may; what counts is the browser. Others have their turn before its second run."""
    greedy = b"sixteen bytes of"
    started = []
    for _ in range(40):
        with Visitor(address, greedy) as tab:
            tab.open("train", **LONG)
            press(tab, "Find a learning rate", LONG)
            press(tab, "Start", LONG)
            started.append(said(tab))
        if any("your runs that wait" in text for text in started[-1]):
            break
    refused = [text for text in started[-1] if "your runs that wait" in text]
    assert refused == [
        f"your runs that wait (={MOST_WAITING}) must not become more than {MOST_WAITING}: stop one of them, or wait until one "
        f"has its turn"
    ]
    with Visitor(address) as other:
        run = start(other)
        until(lambda: "running: step" in progress(other, run))
        press(other, "Stop")


def test_a_deleted_run_is_brought_back_by_whoever_opens_the_page(address):
    with Visitor(address) as reader, Visitor(address) as another:
        run = start(reader)
        reader.open("runs", runs=run)
        press(reader, "Delete it", {"runs": run})
        until(lambda: "not known" in "".join(said(reader)) or not progress(reader, run))
        another.open("runs")
        (fold,) = [block.label for block in folds(another) if block.label.startswith("Deleted within a day")]
        assert fold == "Deleted within a day: 1"
        (choice,) = [choice for choice in another.elements("multiselect") if choice.label == "runs to restore"]
        (option,) = choice.options
        assert option.startswith("net of 1 + 2 layers, digits")
        assert option.endswith("for 24 more h")


def folds(visitor):
    """The expanders of the page."""
    blocks = [message.delta.add_block for message in visitor.heard if message.WhichOneof("type") == "delta"]
    return [block.expandable for block in blocks if block.WhichOneof("type") == "expandable"]
