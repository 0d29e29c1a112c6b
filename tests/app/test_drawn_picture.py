"""A picture drawn by hand: the page shows what was drawn, framed as the data are; what is no drawing is told, not raised."""

import base64
import json

import numpy as np
import pytest

from cnn_core import datasets
from cnn_core.datasets.drawn import Frame, drawn_picture
from cnn_core.shares import percent
from cnn_core.training.shipped import shipped_network
from pages.controls.drawn_picture import EMPTY, MOST_POINTS, MOST_STROKES, read_strokes
from tests.app.lesson import calm, open_lesson, sent
from tests.app.test_forged_values import send, state_of
from tests.drawn_digits import HANDS
from tests.trainings import small
from tests.waiting import until

PAD = "convscope_pad"
FRAME = Frame.of(datasets.load("digits"))


def flat(strokes):
    return [[10 * at for point in stroke for at in point] for stroke in strokes]


def draw(app, strokes, count=1, rested=True):
    (pad,) = [c.proto for c in app.get("bidi_component") if c.proto.component_name == PAD]
    told = {"drawn": {"strokes": strokes, "count": count, "rested": rested}}
    send(app, state_of(pad.id, "json_value", json.dumps(told)))
    return sent(app, PAD)


def pixels(picture):
    shape = picture["rows"], picture["columns"], 4
    return np.frombuffer(base64.b64decode(picture["rgba"]), np.uint8).reshape(shape)[..., 0] / 255


def test_what_is_drawn_is_what_the_network_gets_and_its_answer_stands_beside_it():
    network, config = shipped_network()
    app = open_lesson("network", source="drawn")
    assert calm(app)
    before = sent(app, PAD)
    assert before["said"] == EMPTY and not pixels(before["picture"]).any()
    assert [bar[1:] for bar in before["bars"]] == [[0, "–"]] * 10  # it has not said 0 % of anything
    for number, digit in enumerate((5, 2), 1):
        answer = draw(app, flat(HANDS["round"][digit]), number)
        assert calm(app)
        picture = drawn_picture(HANDS["round"][digit], FRAME)
        np.testing.assert_allclose(pixels(answer["picture"]), picture[0], atol=0.003)
        chances = network.probabilities(config.training_data().normalised(picture[None]))[0]
        np.testing.assert_allclose([share for _, share, _ in answer["bars"]], chances, atol=1e-3)
        assert answer["count"] == number
        assert answer["said"] == f"It looks like: {digit}, {percent(chances[digit])} sure."
        assert answer["begin"] == flat(HANDS["round"][digit])  # as the board is opened another time
    assert draw(app, [], 3)["said"] == EMPTY


def test_a_drawing_outlives_a_look_at_other_pictures_and_views():
    app = open_lesson("network", source="drawn")
    answer = draw(app, flat(HANDS["round"][3]))
    app.selectbox(key="source").set_value("test").run()
    assert PAD not in [c.proto.component_name for c in app.get("bidi_component")]
    app.selectbox(key="source").set_value("drawn").run()
    assert calm(app)
    assert sent(app, PAD)["begin"] == answer["begin"]


BAD = [
    *(None, 5, "abc", {}, [5], [[]], [[1]], [[1, 2, 3]], [[1.5, 2]], [[True, 2]], [[-1, 5]], [[5, 1001]], [["1", "2"]]),
    *([[None, 1]], [[[1, 2]]], [[float("nan"), 1]], [[0, 0]] * (MOST_STROKES + 1), [[0, 0] * (MOST_POINTS + 1)]),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: str(bad)[:20])
def test_what_is_no_drawing_is_refused_with_its_remedy(bad):
    with pytest.raises(ValueError, match=r"must .*: clear the board, draw anew"):
        read_strokes(bad)


def test_it_is_told_on_the_board_and_the_drawing_before_stays():
    app = open_lesson("network", source="drawn")
    good = draw(app, flat(HANDS["round"][3]))
    for bad in (None, [[1, 2, 3]], [[0, 0]] * (MOST_STROKES + 1)):
        answer = draw(app, bad, 2)
        assert not app.exception
        assert answer["said"].endswith("clear the board, draw anew")
        assert (answer["begin"], answer["picture"]) == (good["begin"], good["picture"])
    assert draw(app, flat(HANDS["round"][3]), 3)["said"] == good["said"]


def test_a_full_board_is_read():
    most = [[k % 1000, k % 997] * (MOST_POINTS // MOST_STROKES) for k in range(MOST_STROKES)]
    assert len(read_strokes(most)) == MOST_STROKES


def test_it_is_framed_as_the_pictures_of_the_training_are(registry):
    run = registry.start(small(dataset="colours", batch_size=1000, num_epochs=1))
    until(lambda: run.ended)
    app = open_lesson("network", run=run.id, source="drawn")
    answer = draw(app, flat(HANDS["round"][3]))
    assert calm(app)
    assert (answer["picture"]["rows"], answer["picture"]["columns"]) == (24, 24)
    assert [name for name, _, _ in answer["bars"]] == list(datasets.load("colours").class_names)
