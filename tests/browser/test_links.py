"""What a cell is linked to: by hovering, by keyboard, pinned; for outputs, inputs and weights of every layer."""

import numpy as np
import pytest
from playwright.sync_api import expect

from cnn_core.window import Window
from tests.browser.walking import at, canvas, count, go, hover, linked, open_walk, outlined, place

PLAIN = "/convolution?input=shuffled_numbers&input_size=6&padding=0&stride=1&stages=false"
WINDOWS = Window.of(3).view(np.arange(36).reshape(6, 6)).reshape(16, 9)  # by position: the input cells of the window


@pytest.fixture
def player(standing, address):
    return open_walk(standing, address + PLAIN)


def test_an_output_shows_its_window(player):
    hover(player, "out", 6)
    cells = linked(player)
    assert sorted(index for grid, _, index in cells if grid == "x") == sorted(WINDOWS[6])
    assert {index for grid, _, index in cells if grid == "weight"} == set(range(9))
    assert outlined(player, "x")
    assert outlined(player, "weight")
    expect(player.locator(".link")).to_contain_text("out[1, 2] is made of the 9 numbers in its window")
    canvas(player, "out").page.mouse.move(2, 2)
    expect(player).to_have_attribute("data-linked", "")
    assert not outlined(player, "x")


def test_an_input_shows_every_output_that_uses_it_and_the_weight_through_which(player):
    hover(player, "x", 14)
    weight = [-1, -1, -1, -1, 8, -1, -1, -1, -1]
    expected = {p: weight[int(np.flatnonzero(cells == 14)[0])] for p, cells in enumerate(WINDOWS) if 14 in cells}
    notes = {index: note for (grid, _, index), note in linked(player).items() if grid == "out"}
    assert notes == {p: f"×({w})".replace("-", "−") if w < 0 else f"×{w}" for p, w in expected.items()}
    assert {index for grid, _, index in linked(player) if grid == "dx"} == {14}
    words = player.locator(".link")
    expect(words).to_contain_text("x[2, 2] is under 9 windows: it goes into out[2, 2] (× (−1))")
    expect(words).to_contain_text("Its gradient comes back on the same paths: dx[2, 2] = dout[2, 2] × (−1)")
    assert outlined(player, "out")


def test_a_walk_of_the_backward_pass_alone_names_the_outputs_too(standing, address):
    player = open_walk(standing, address + "/gradient-flow")
    hover(player, "x", 0)
    expect(player.locator(".link")).to_contain_text("x[0, 0] is under 1 window: it goes into out[0, 0] (× (−2)).")
    expect(player.locator(".link")).to_contain_text("dx[0, 0] = dout[0, 0] × (−2)")


def test_a_weight_shows_every_product_it_was_in(player):
    hover(player, "weight", 5)
    cells = linked(player)
    assert sorted(index for grid, _, index in cells if grid == "x") == sorted(WINDOWS[:, 5])
    assert {index for grid, _, index in cells if grid == "out"} == set(range(16))
    words = player.locator(".link")
    expect(words).to_contain_text("weight[1, 2] is in 16 products, one at each stop of the window")
    expect(words).to_contain_text("dweight[1, 2] = dout[0, 0] × x[1, 2] + dout[0, 1] × x[1, 3] + …")


def test_the_bias_is_in_every_output(player):
    hover(player, "bias", 0)
    assert {index for grid, _, index in linked(player) if grid == "out"} == set(range(16))


def test_a_click_pins_and_escape_or_another_click_lets_go(page, address):
    player = open_walk(page, address + PLAIN)
    cell = {"position": place(player, "x", 7)}
    canvas(player, "x").click(**cell)
    expect(player).to_have_attribute("data-pinned", "x,0,7")
    page.mouse.move(2, 2)
    assert outlined(player, "out")
    player.locator(".forward").click()  # it stays while the walk goes on
    at(player, 1)
    expect(player).to_have_attribute("data-pinned", "x,0,7")
    assert outlined(player, "out")
    canvas(player, "x").click(**cell)
    expect(player).to_have_attribute("data-pinned", "")
    canvas(player, "weight").click(position=place(player, "weight", 0))
    expect(player).to_have_attribute("data-pinned", "weight,0,0")
    player.focus()
    page.keyboard.press("Escape")
    expect(player).to_have_attribute("data-pinned", "")
    assert not outlined(player, "x")


def test_links_by_keyboard(page, address):
    player = open_walk(page, address + PLAIN)
    player.locator(".speed").focus()
    page.keyboard.press("Tab")
    expect(player).to_have_attribute("data-linked", "x,0,0")
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "ArrowLeft", "ArrowRight"):
        page.keyboard.press(key)
    expect(player).to_have_attribute("data-linked", "x,0,13")
    expect(player.locator(".link")).to_contain_text("x[2, 1] is under 6 windows")
    page.keyboard.press("Enter")
    expect(player).to_have_attribute("data-pinned", "x,0,13")
    at(player, 0)  # the arrows did not step
    page.keyboard.press("Tab")
    expect(player).to_have_attribute("data-linked", "weight,0,0")


def test_channels_and_groups(standing, address):
    player = open_walk(standing, address + "/convolution?preset=depthwise&stages=false")
    hover(player, "x", 55, plane=1)
    cells = linked(player)
    assert {plane for grid, plane, _ in cells if grid == "out"} == {1}  # depthwise: its own channel only
    assert {plane for grid, plane, _ in cells if grid == "weight"} == {1}
    player = open_walk(standing, address + "/convolution?preset=course_demo&stages=false")
    hover(player, "x", 24, plane=1)
    cells = linked(player)
    assert {plane for grid, plane, _ in cells if grid == "out"} == {0, 1}
    assert {plane for grid, plane, _ in cells if grid == "weight"} == {1, 4}


def test_a_cell_under_no_window(standing, address):
    player = open_walk(standing, address + "/convolution?preset=odd&stages=false")
    hover(player, "x", 63)  # the last of 8x8: the stride does not divide
    assert {grid for grid, _, _ in linked(player)} == {"x", "dx"}
    expect(player.locator(".link")).to_contain_text("is under no window")


def test_max_pooling_tells_who_won(standing, address):
    player = open_walk(standing, address + "/pooling?preset=overlapping_stride_1&stages=false")
    x = player.evaluate("el => [...el.player.walk.grids.x.counts]")
    best = int(np.argmax(x))
    hover(player, "x", best)
    notes = [note for (grid, _, _), note in linked(player).items() if grid == "out"]
    assert notes
    assert set(notes) == {"★"}
    expect(player.locator(".link")).to_contain_text("is the largest of")
    hover(player, "x", int(np.argmin(x)))
    expect(player.locator(".link")).to_contain_text("the largest of none: it goes no further, and its gradient is 0")


def test_im2col_links_column_window_and_output(standing, address):
    player = open_walk(standing, address + "/im2col?stages=false")
    windows = Window.of(2).view(np.arange(16).reshape(4, 4)).reshape(9, 4)
    hover(player, "columns", 2 * 9 + 4)  # row 2, column 4
    cells = linked(player)
    assert [index for grid, _, index in cells if grid == "x"] == [windows[4, 2]]
    copies = {tap * 9 + p for p, tap in zip(*np.nonzero(windows == windows[4, 2]), strict=True)}
    assert {index for grid, _, index in cells if grid == "columns"} == copies
    assert {(plane, index) for grid, plane, index in cells if grid == "out"} == {(0, 4), (1, 4)}
    hover(player, "product", 9 + 4)
    cells = linked(player)
    assert {index for grid, _, index in cells if grid == "rows"} == set(range(4, 8))
    assert {index for grid, _, index in cells if grid == "columns"} >= {4, 13, 22, 31}
    assert ("out", 1, 4) in cells
    hover(player, "rows", 1)
    assert ("weight", 0, 1) in linked(player)


def test_transposed_links_go_the_other_way(standing, address):
    player = open_walk(standing, address + "/transposed?stages=false")
    hover(player, "x", 4)
    assert sum(grid == "out" for grid, _, _ in linked(player)) == 9
    hover(player, "out", 16)  # row 2, column 2 of 7x7: four windows meet
    assert {index for grid, _, index in linked(player) if grid == "x"} == {0, 1, 3, 4}


PAGES = [
    "convolution?preset=course_demo",
    "convolution?preset=depthwise",
    "pooling?preset=ties_on_purpose&padding=1",
    "pooling?preset=average",
    "transposed?channels=2&filters=3",
    "transposed?view=gather&padding=1",
    "im2col?preset=in_colour",
    "gradient-flow?layer=convolution",
    "gradient-flow?layer=max_pooling&padding=1",
    "gradient-flow?layer=average_pooling",
]


@pytest.mark.parametrize("query", PAGES)
def test_every_cell_of_every_page_has_links_and_words(standing, address, query):
    player = open_walk(standing, f"{address}/{query}&stages=false")
    said = player.evaluate(
        """el => { const { walk, pointer } = el.player; const texts = [];
             for (const [name, grid] of Object.entries(walk.grids)) for (let plane = 0; plane < grid.channels; plane++)
               for (let index = 0; index < grid.size; index++) texts.push(pointer.links.of(name, plane, index).text);
             return texts }"""
    )
    assert said
    assert not [text for text in said if not text or "undefined" in text or "NaN" in text]
    player.locator(".last").click()
    expect(player.locator(".total")).not_to_be_empty()


def test_a_click_on_an_output_of_im2col_goes_to_its_step(standing, address):
    player = open_walk(standing, address + "/im2col?stages=false")
    canvas(player, "out", 1).click(position=place(player, "out", 4, 1))
    at(player, 9 + 9 + 4)
    canvas(player, "product").click(position=place(player, "product", 5))
    at(player, 9 + 5)


def test_a_cell_that_is_pointed_at_may_vanish_with_a_change_of_settings(standing, address):
    player = open_walk(standing, address + "/transposed?stages=false")
    go(player, count(player) - 1)
    hover(player, "dx", 4)
    standing.get_by_text("gather", exact=True).dispatch_event("click")
    expect(standing.locator('section[data-grid="dx"]')).to_have_count(0)
    expect(standing.locator(".player .total")).not_to_be_empty()


def test_cells_are_named_as_in_the_layers_own_arrays(standing, address):
    player = open_walk(standing, address + "/convolution?preset=course_demo&stages=false")
    hover(player, "x", 8, plane=2)  # in the padded plane row 1, column 1
    expect(player.locator(".link")).to_contain_text("x[2, 0, 0] is under")
    hover(player, "x", 0)
    expect(player.locator(".link")).to_contain_text("This cell of the padding is under")
    hover(player, "weight", 3, plane=5)
    expect(player.locator(".link")).to_contain_text("weight[1, 2, 1, 0] is in")
