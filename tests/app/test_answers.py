"""How answers travel: one run of a script arrives together, unless it takes long; all else passes, and nothing changes places."""

import asyncio
import gc

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from pages import answers
from pages.answers import WholeAnswers


def message(kind):
    """What the server sends over the socket: a message of Streamlit's of this kind."""
    told = ForwardMsg()
    if kind == "script_finished":
        told.script_finished = ForwardMsg.FINISHED_SUCCESSFULLY
    else:
        getattr(told, kind).SetInParent()
    return {"type": "websocket.send", "bytes": told.SerializeToString()}


def kinds(sent):
    return [ForwardMsg.FromString(m["bytes"]).WhichOneof("type") if m.get("bytes") else m["type"] for m in sent]


def serve(script, scope="websocket"):
    """Run a server whose connection does what `script(send, sent)` does; returns all that went out."""
    sent = []

    async def out(message):
        await asyncio.sleep(0)  # a socket takes its time
        sent.append(message)

    async def app(scope, receive, send):
        await script(send, sent)

    asyncio.run(WholeAnswers(app)({"type": scope}, None, out))
    return sent


ANSWER = ["new_session", "delta", "delta", "script_finished"]


def test_an_answer_goes_out_when_it_is_whole():
    async def script(send, sent):
        for kind in ANSWER[:-1]:
            await send(message(kind))
            assert sent == []
        await send(message(ANSWER[-1]))
        assert kinds(sent) == ANSWER
        await send(message("session_status_changed"))  # belongs to no run: nothing to wait for
        assert kinds(sent) == [*ANSWER, "session_status_changed"]

    serve(script)


def test_every_run_is_an_answer_of_its_own():
    async def script(send, sent):
        for _ in range(2):
            for kind in ANSWER:
                await send(message(kind))

    assert kinds(serve(script)) == 2 * ANSWER


def test_a_script_that_takes_long_is_shown_as_it_comes(monkeypatch):
    monkeypatch.setattr(answers, "LONGEST", 0.01)

    async def script(send, sent):
        await send(message("new_session"))
        await send(message("delta"))
        assert sent == []
        await asyncio.sleep(0.1)
        assert kinds(sent) == ["new_session", "delta"]
        await send(message("delta"))  # for this run the waiting is over
        assert len(sent) == 3
        await send(message("script_finished"))
        assert len(sent) == 4
        await send(message("new_session"))
        assert len(sent) == 4  # the next one waits again

    serve(script)


def test_a_run_that_is_begun_anew_does_not_wait_longer(monkeypatch):
    monkeypatch.setattr(answers, "LONGEST", 0.05)

    async def script(send, sent):
        for _ in range(8):
            await send(message("new_session"))
            await asyncio.sleep(0.02)
        assert len(sent) >= 3

    serve(script)


@pytest.mark.parametrize(
    "other",
    [
        {"type": "websocket.accept"},
        {"type": "websocket.close"},
        {"type": "websocket.send", "text": "hello"},
        {"type": "websocket.send", "bytes": b"\xff\xff"},
    ],
    ids=str,
)
def test_what_is_no_message_of_streamlits_passes_and_takes_along_what_waits(other):
    async def script(send, sent):
        await send(message("new_session"))
        await send(other)
        assert sent[1:] == [other]

    serve(script)


def test_other_connections_are_left_alone():
    async def script(send, sent):
        await send({"type": "http.response.start"})
        assert len(sent) == 1

    serve(script, scope="http")


def test_who_sends_is_told_that_the_socket_is_gone(monkeypatch):
    monkeypatch.setattr(answers, "LONGEST", 0.01)
    unheard = []

    async def gone(message):
        raise OSError("closed")

    async def app(scope, receive, send):
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: unheard.append(context))
        await send(message("new_session"))
        await asyncio.sleep(0.05)  # what was late is lost, without a word in the server's log
        with pytest.raises(OSError, match="closed"):
            await send(message("delta"))

    asyncio.run(WholeAnswers(app)({"type": "websocket"}, None, gone))
    gc.collect()  # a task's error is told when nobody can ask for it any more
    assert unheard == []
