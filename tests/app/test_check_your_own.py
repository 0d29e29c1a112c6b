"""Check your own: a report that was made for real, its link, and what a link that was tampered with is answered."""

from dataclasses import replace
from html import unescape

import numpy as np
import pytest

from cnn_core.check import link
from cnn_core.check.forms import FORMS
from cnn_core.check.right import pose
from cnn_core.mistakes import MISTAKES
from cnn_core.walks.counts import Grid
from pages.sections.shared_case import in_words, step_to_see, walk_of
from pages.server.example_report import example_report
from tests.app.lesson import as_read, calm, charts, open_lesson, sent, texts, walked

SMALL = {
    "N": 2,
    "C": 1,
    "H": 3,
    "W": 3,
    "F": 1,
    "KH": 2,
    "KW": 2,
    "stride": 1,
    "padding": 1,
    "dilation": 1,
    "groups": 1,
}
EVERY_OPTION = {**SMALL, "output_padding": 0, "count_include_pad": True, "values": "plain"}


def shared_case(function, result, theirs=None, **sizes):
    """What a link says of this function, whose result is wrong by one in one place."""
    form = next(form for form in FORMS if function in (form.forward, form.backward))
    kind = link.KINDS[form.layer]
    given = {name: values[0] for name, values in kind.few.items()}
    for name, value in (EVERY_OPTION | sizes).items():
        if value in (*kind.few.get(name, ()), *kind.many.get(name, ())):
            given[name] = value
    posed = pose(form.layer, given)
    if theirs is None:
        theirs = posed.right[result].copy()
        theirs[(-1,) * theirs.ndim] += 1
    return link.SharedCase(form, form.backward == function, result, posed, theirs)


def opened(shared):
    query = link.address(shared).partition("?")[2]
    return open_lesson("check_your_own", **dict(part.split("=", 1) for part in query.split("&")))


def test_the_page_shows_a_report_of_the_core_and_links_to_its_case():
    app = open_lesson("check_your_own")
    assert calm(app)
    report = " ".join(unescape(next(e.proto.body for e in app.get("html") if "my_layers.py" in e.proto.body)).split())
    assert "max_pool_backward_naive in 21 of 80 cases dx is wrong" in report and "http" not in report
    assert " ".join(MISTAKES["pool-overwrites"].name.split()) in report
    assert "python -m cnn_core.check my_layers.py" in app.code[0].value
    assert link.read(example_report().query.partition("&")[0].partition("=")[2]).function == "max_pool_backward_naive"


def test_the_case_stands_beside_its_walk_with_the_wrong_cells_marked():
    shared = shared_case("conv_backward_naive", "dx")
    app = opened(shared)
    assert calm(app) and "conv_backward_naive gets dx wrong: 1 of 18 numbers" in texts(app.markdown)[0]
    figure = charts(app)["theirs"]
    assert len(figure["layout"]["shapes"]) == 1 and len(figure["data"]) == 2
    # The right corner of the image is under 4 windows; the last of the 16 goes over it last. All of them follow 16 forward.
    assert sent(app)["begin"]["step"] == 31 and not sent(app)["begin"].get("pinned")
    assert "dx[1, 0, 2, 2] is" in texts(app.markdown)[0]
    assert np.array_equal(walked(app)["dx"][0, 1:-1, 1:-1], shared.right[1, 0])
    assert "Of 2 examples the walk shows number 2." in texts(app.caption)


@pytest.mark.parametrize(
    ("function", "result", "walks"),
    [
        ("conv2d_forward", "out", True),
        ("conv2d_backward", "dweight", True),
        ("conv2d_backward", "dbias", True),
        ("max_pool2d_backward", "dx", True),
        ("avg_pool2d_backward", "dx", True),
        ("conv_transpose2d_backward", "dx", True),
        ("conv_transpose2d_backward", "dweight", True),
        ("conv_transpose2d_forward", "out", False),
        ("conv_relu_backward", "dx", False),
        ("affine_backward", "dw", False),
        ("batch_norm_backward", "dx", False),
        ("spatial_groupnorm_backward", "dx", False),
        ("softmax_loss", "dx", False),
        ("softmax_loss", "loss", False),
        ("ThreeLayerConvNet", "dW1", False),
    ],
)
def test_any_function_s_case_opens(function, result, walks):
    result = {("affine_backward", "dw"): "dweight", ("softmax_loss", "dx"): "dscores"}.get((function, result), result)
    shared = shared_case(function, result)
    app = opened(shared)
    assert calm(app) and charts(app)["theirs"]["data"]
    assert (walk_of(shared, 0) is not None) == walks == bool(app.get("bidi_component")[1:])


@pytest.mark.parametrize("place", [(0, 0, 0, 0), (0, 0, 0, 2), (0, 0, 2, 1)])
@pytest.mark.parametrize(
    ("function", "result"),
    [
        ("conv_backward_naive", "dx"),
        ("conv_forward_naive", "out"),
        ("conv_transpose2d_backward", "dx"),
        ("max_pool2d_backward", "dx"),
        ("conv2d_backward", "dweight"),
        ("conv2d_backward", "dbias"),
    ],
)
def test_it_opens_at_the_step_that_completes_the_first_wrong_number(function, result, place):
    shared = shared_case(function, result)
    at = tuple(min(k, n - 1) for k, n in zip(place[4 - shared.right.ndim :], shared.right.shape, strict=True))
    theirs = shared.right.copy()
    theirs[at] += 1
    shared = link.SharedCase(shared.form, shared.back, result, shared.posed, theirs)
    walk = walk_of(shared, 0)
    step = step_to_see(walk, shared)

    def number(until):
        grid = Grid(walk.replay(until)[result], walk.grids[result].scale)
        array = replace(walk, grids={result: grid}).arrays()[result]
        return array[at[1:] if result in ("dx", "out") else at]

    right = number(walk.steps)
    assert number(step) != right and number(step + 1) == right
    assert [number(later) for later in range(step + 2, walk.steps)] == [right] * (walk.steps - step - 2)


@pytest.mark.parametrize(
    ("theirs", "words"),
    [
        (np.zeros((2, 2)), "its shape is (2, 2), and should be (2, 1, 3, 3)"),
        (np.zeros((0,)), "its shape is (0,), and should be"),
        (np.zeros((1, 1, 1, 1, 1, 1)), "its shape is (1, 1, 1, 1, 1, 1), and should be"),
        (np.full((2, 1, 3, 3), np.nan), "left empty: 18 not finite or too large to write"),
        (np.full((2, 1, 3, 3), 1e200), "left empty: 18 not finite or too large to write"),
    ],
)
def test_whatever_came_back_is_told(theirs, words):
    app = opened(shared_case("conv_backward_naive", "dx", theirs))
    assert calm(app) and words in texts(app.markdown)[0]


def test_a_case_without_a_walk_names_the_known_mistake_and_the_way_to_it():
    shared = shared_case("relu_backward", "dx", N=2, C=2)
    dout = shared.posed.case.arrays["dout"]
    app = opened(link.SharedCase(shared.form, True, "dx", shared.posed, dout * (dout > 0)))
    slip = MISTAKES["relu-wrong-mask"]
    assert calm(app) and slip.name in texts(app.markdown)[1] and slip.shows in texts(app.markdown)[1]
    assert not app.info and f"bug={slip.code}" in app.get("page_link")[0].proto.query_string


def test_a_case_that_is_right_is_called_right():
    shared = shared_case("conv_backward_naive", "dx")
    right = link.SharedCase(shared.form, True, "dx", shared.posed, shared.right)
    assert in_words(right) == "conv_backward_naive gets dx right here: all 18 numbers are what they should be."
    nothing = link.SharedCase(shared.form, True, "dx", shared.posed, None)
    assert "there are no numbers to show" in in_words(link.read(link.write(nothing)))
    assert calm(opened(nothing)) and calm(opened(right))


@pytest.mark.parametrize("case", ["", "x", "eNo", "<script>", "a" * 7000])
def test_a_link_that_was_tampered_with_gives_words_and_the_page(case):
    app = open_lesson("check_your_own", case=case)
    assert not app.exception and "case (" in texts(app.error)[0]
    assert "python -m cnn_core.check" in as_read(app.code[0].value)


def test_a_pinned_cell_that_is_not_there_is_named():
    shared = shared_case("conv_backward_naive", "dx")
    app = open_lesson("check_your_own", case=link.write(shared), pinned="dx,0,9999")
    assert not app.exception and "pinned (=dx,0,9999) in the link must be" in texts(app.warning)[0]
