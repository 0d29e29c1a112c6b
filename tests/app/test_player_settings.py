"""The table of the player's settings: what stands in it reaches the address, the browser and back, and nothing else does."""

import re

import pytest

from pages.address import player
from pages.address.player import BEGIN, OPTIONS, SETTINGS, WATCHING, as_parameters
from pages.animation.scripts import HERE
from pages.controls import presets
from pages.sections.walkthrough import PLACE
from tests.app.lesson import open_lesson, sent

OTHER = {
    "step": 41,
    "speed": 0.25,
    "stages": False,
    "loop": True,
    "colours": "teal_red",
    "pinned": {"name": "x", "plane": 1, "index": 12},
}
WRITTEN = {
    "step": "42",
    "speed": "0.25",
    "stages": "false",
    "loop": "true",
    "colours": "teal_red",
    "pinned": "x,1,12",
}


def test_what_the_browser_tells_is_written_and_read_again():
    assert set(OTHER) == set(SETTINGS)
    assert as_parameters(BEGIN) == dict.fromkeys(SETTINGS)
    assert as_parameters(OTHER) == WRITTEN
    assert {name: SETTINGS[name].read(text) for name, text in WRITTEN.items()} == OTHER


def test_every_option_of_a_list_comes_back():
    for name, options in OPTIONS.items():
        setting = SETTINGS[name]
        assert setting.default in dict(options)
        assert [setting.read(setting.write(value)) for value, _ in options] == [value for value, _ in options]
        for value, _ in options:
            assert setting.write(value) in setting.remedy


def test_links_made_earlier_name_the_colours_by_their_words():
    for former in ("blue–orange", "green–purple", "teal–red"):
        app = open_lesson("convolution", colours=former)
        assert not app.warning
        assert sent(app)["begin"]["colours"] == former.replace("–", "_")
        assert dict(sent(app)["options"]["colours"])[former.replace("–", "_")] == former


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("step", value) for value in (-1, "3", 1.5, None, 10**12, [1])),
        *(("speed", value) for value in (3, "fast", None, float("nan"), {})),
        *(("stages", value) for value in ("yes", 2, None)),
        *(("colours", value) for value in ("red", 0, ["teal_red"])),
        *(("pinned", value) for value in ("x,0,1", {"name": "x"}, {"name": "x,0", "plane": 0, "index": 1}, [1], 7)),
    ],
)
def test_what_can_be_no_value_is_left_out(name, value):
    told = as_parameters(OTHER | {name: value})
    assert name not in told
    assert told == {other: text for other, text in WRITTEN.items() if other != name}
    assert as_parameters({}) == {}


def test_the_controls_of_the_page_are_those_of_the_table():
    html = (HERE / "player.html").read_text(encoding="utf-8")
    lists, boxes = (re.findall(pattern, html) for pattern in (r'<select class="(\w+)"', r'"checkbox" class="(\w+)"'))
    assert set(lists) == set(OPTIONS)
    assert set(boxes) == {name for name, setting in SETTINGS.items() if isinstance(setting.default, bool)}


def test_who_asks_for_the_settings_asks_the_table():
    assert set(SETTINGS) == PLACE
    assert PLACE - {"step", "pinned"} == WATCHING
    assert WATCHING <= presets.WATCHING
    begin = sent(open_lesson("convolution"))["begin"]
    assert begin == {"version": 0} | {name: setting.default for name, setting in SETTINGS.items()}


def test_another_setting_is_one_line(monkeypatch):
    monkeypatch.setitem(SETTINGS, "grid_lines", player._switch(True))
    assert as_parameters(OTHER | {"grid_lines": False}) == WRITTEN | {"grid_lines": "false"}
    app = open_lesson("convolution", grid_lines="false")
    assert not app.warning
    assert sent(app)["begin"]["grid_lines"] is False
    app = open_lesson("convolution", grid_lines="maybe")
    assert "grid_lines (=maybe) in the link must be true or false" in app.warning[0].value.replace("\\", "")
