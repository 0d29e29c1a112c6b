"""choices.js and keys.js in a real Chromium: controls are filled, read and moved by name, whatever their names are."""

import pytest

from tests.browser.scripted import with_modules

HTML = """<div class="choices"><select class="speed"></select><input type="checkbox" class="loop">
  <input type="checkbox" class="grid_lines"></div><input type="range"><button></button><p></p>"""
OPTIONS = {"speed": [[0.5, "half"], [1, "whole"], [2, "double"]]}


@pytest.fixture
def page(new_page):
    page = with_modules(new_page())
    page.evaluate(
        """([html, options]) => {
          document.body.innerHTML = html;
          window.changes = 0;
          window.choices = new Choices(document.body, () => window.changes++);
          window.choices.fill(options, { speed: 2, loop: true, grid_lines: false });
        }""",
        [HTML, OPTIONS],
    )
    return page


def test_values_come_back_as_they_were_given(page):
    assert page.evaluate("choices.all") == {"speed": 2, "loop": True, "grid_lines": False}
    assert page.locator("option").all_inner_texts() == ["half", "whole", "double"]
    page.locator(".speed").select_option("half")
    page.locator(".grid_lines").check()
    assert page.evaluate("[choices.get('speed'), choices.get('grid_lines'), changes]") == [0.5, True, 2]


def test_a_list_moves_to_its_ends_and_no_further(page):
    moved = page.evaluate(
        "[-1, -1, -1, 1, 1, 1].map((by) => { choices.move('speed', by); return choices.get('speed') })"
    )
    assert moved == [1, 0.5, 0.5, 1, 2, 2]


def test_filled_again_nothing_of_before_is_left(page):
    filled = page.evaluate(
        """() => {
          choices.fill({ speed: [[4, "four"]] }, { speed: 4, loop: false, grid_lines: true });
          return [choices.all, document.querySelectorAll("option").length];
        }"""
    )
    assert filled == [{"speed": 4, "loop": False, "grid_lines": True}, 1]


@pytest.mark.parametrize(
    ("where", "key", "action"),
    [
        ("p", " ", "play"),
        ("p", "ArrowLeft", "back"),
        ("p", "Escape", "unpin"),
        ("p", "a", None),
        ("button", " ", None),
        ("button", "ArrowRight", "forward"),
        ("input[type=range]", "ArrowRight", None),
        ("input[type=range]", "Home", None),
        ("input[type=range]", "+", "faster"),
        ("select", "+", None),
    ],
)
def test_a_key_is_left_to_the_control_that_has_a_use_for_it(page, where, key, action):
    find = "([where, key]) => actionOf({ key, target: document.querySelector(where) }) ?? null"
    assert page.evaluate(find, [where, key]) == action
    with_control = "([where, key]) => actionOf({ key, target: document.querySelector(where), ctrlKey: true }) ?? null"
    assert page.evaluate(with_control, [where, key]) is None
