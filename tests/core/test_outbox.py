"""Commands that wait for a worker: merged, the last word counts, and giving one never takes time."""

import threading

import pytest

from cnn_core.training.outbox import SLOTS, Outbox


def put(outbox, *commands):
    for command in commands:
        outbox.put(command)


def change(**values):
    return {"command": "change", "values": values}


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ([change(learning_rate=0.002), change(learning_rate=0.001)], [change(learning_rate=0.001)]),
        ([change(reg=0.1), change(dropout=0.2), change(reg=0.3)], [change(reg=0.3, dropout=0.2)]),
        ([{"command": "pause"}, {"command": "resume"}], [{"command": "resume"}]),
        ([{"command": "advance", "unit": "step"}, {"command": "pause"}], [{"command": "pause"}]),
        ([{"command": "stop"}, {"command": "resume"}], [{"command": "resume"}, {"command": "stop"}]),
        ([{"command": "pace", "pace": 10.0}, {"command": "pace", "pace": None}], [{"command": "pace", "pace": None}]),
        (
            [{"command": "rest", "seconds": s} for s in (0.1, 0.3, 0.2)],
            [{"command": "rest", "seconds": 0.3}],
        ),
        # What is set counts from the next step on: it goes before the word that lets that step be taken.
        (
            [{"command": "advance", "unit": "step"}, change(reg=1)],
            [change(reg=1), {"command": "advance", "unit": "step"}],
        ),
    ],
)
def test_the_last_word_counts(given, sent):
    outbox = Outbox()
    put(outbox, *given)
    assert outbox.take() == sent


def test_however_many_are_given_few_wait():
    outbox = Outbox()
    for _ in range(10_000):
        put(outbox, {"command": "rest", "seconds": 0.2}, change(reg=0.1), {"command": "pause"}, {"command": "ping"})
    assert len(outbox) == 4 <= len(set(SLOTS.values()))


def test_who_takes_waits_for_a_command_and_ends_with_the_box():
    outbox, taken = Outbox(), []

    def take():
        while (words := outbox.take()) is not None:
            taken.extend(words)

    taking = threading.Thread(target=take)
    taking.start()
    outbox.put({"command": "pause"})
    while not taken:
        pass
    outbox.close()
    taking.join(timeout=10)
    assert not taking.is_alive()
    assert taken == [{"command": "pause"}]
