"""Links made when an option stood in the address by its words: each still opens what it opened, and is written anew by its id."""

import pytest

from pages.address.former import FORMER
from pages.controls import stack, training, walk_presets
from pages.controls.words import word_of
from tests.app.lesson import calm, control, open_lesson, sent

PRESETS = {
    "convolution": walk_presets.CONVOLUTION,
    "pooling": walk_presets.POOLING,
    "transposed": walk_presets.TRANSPOSED,
    "im2col": walk_presets.IM2COL,
    "receptive_field": stack.presets(),
    "train": training.presets(),
}
# As links were made: page, parameter, words, and the id that these have now.
LINKS = [
    *(("convolution", "input", words, option) for words, option in FORMER["input"].items()),
    *(("convolution", "kernel", words, option) for words, option in FORMER["kernel"].items()),
    *(("convolution", "dout", words, option) for words, option in FORMER["dout"].items()),
    *(("gradient_flow", "layer", words, option) for words, option in FORMER["layer"].items()),
    ("network", "weights", "not trained yet", "untrained"),
    ("network", "weights", "standard", "shipped"),
    *((page, "preset", words, option) for words, option in FORMER["preset"].items() for page in PRESETS
      if option in list(PRESETS[page])[1:]),
]  # fmt: skip


@pytest.mark.parametrize(("page", "key", "words", "option"), LINKS)
def test_a_former_link_opens_what_it_opened_and_is_written_anew(page, key, words, option):
    app = open_lesson(page, **{key: words})
    assert calm(app)
    assert control(app, key).value == option
    assert app.query_params.get(key, option) in (option, [option])  # a default is in no address


def test_a_former_link_with_many_words():
    old = {"preset": "course demo", "edit": "filter 1, channel 2", "kernel": "Sobel y", "dout": "one cell",
           "colours": "teal–red", "input": "vertical edge", "stride": "1"}  # fmt: skip
    app = open_lesson("convolution", **old)
    assert calm(app)
    found = {key: control(app, key).value for key in ("preset", "edit", "kernel", "dout", "input", "stride")}
    assert found == {"preset": "course_demo", "edit": "filter_1_channel_2", "kernel": "sobel_y", "dout": "one_cell",
                     "input": "vertical_edge", "stride": 1}  # fmt: skip
    assert sent(app)["begin"]["colours"] == "teal_red"


@pytest.mark.parametrize("page", PRESETS)
def test_presets_have_short_plain_ids_and_words_of_their_own(page):
    shown = [word_of("preset", name) for name in PRESETS[page]]
    assert len(set(shown)) == len(shown)
    for name in PRESETS[page]:
        assert name.isascii()
        assert name.isidentifier()
        assert len(name) <= 24


def test_what_was_in_links_is_the_same_for_ever():
    assert all(option.isascii() and option.isidentifier() for ids in FORMER.values() for option in ids.values())
    assert FORMER["preset"]["1×1"] == "one_by_one"
    listed = {name for presets in PRESETS.values() for name in presets}
    assert set(FORMER["preset"].values()) <= listed
