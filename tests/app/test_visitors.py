"""Several visitors of one real server, each speaking to it as a browser does: what one does must not harm another."""

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg

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
    (button,) = [button.id for button in visitor.elements("button") if button.label == "Start"]
    visitor.ask(LONG | settings, (button,))
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


def press(visitor, label):
    """Press a button of the page."""
    (button,) = [button.id for button in visitor.elements("button") if button.label == label and not button.disabled]
    visitor.ask({}, (button,))


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
            assert progress(visitor, run).startswith("running: step")
            shown = [alert.body for alert in visitor.elements("alert")]
            assert not any("in use" in text or "not known" in text for text in shown)
        reader.open("train", run=run)
        press(reader, "Stop")
        until(lambda: progress(reader, run).startswith("stopped at step"))
