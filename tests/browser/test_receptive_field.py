"""The stack of maps in a real browser: by mouse, keyboard and finger; what is said and drawn is what the core computes."""

import random
import re
from contextlib import suppress

import numpy as np
import pytest
from playwright.sync_api import Error, expect

from cnn_core.receptive_field import connection, receptive_fields
from pages.controls.stack import STACKS
from tests.browser.standing import show_page
from tests.waiting import until
from tools.browser import open_page, settle

MARGIN = 9  # pixels around a map's cells

# The colour in the middle of a cell of a map: red, green, blue, opacity.
COLOUR = """(canvas, [row, column, cell]) => {
    const ratio = window.devicePixelRatio, at = (n) => Math.round((9 + (n + 0.25) * cell) * ratio);
    return [...canvas.getContext('2d').getImageData(at(column), at(row), 1, 1).data] }"""
# Is anything drawn in the strips beside the cells? (Their inner pixels belong to the outline.)
EDGES = """c => { const { width, height } = c, drawn = (...box) => c.getContext('2d').getImageData(...box).data.some((v) => v);
    return { top: drawn(0, 0, width, 6), bottom: drawn(0, height - 6, width, 6),
             left: drawn(0, 0, 6, height), right: drawn(width - 6, 0, 6, height) } }"""
PINK, BLANK, MANY_PATHS = [230, 0, 122, 255], [0, 0, 0, 0], [217, 95, 2, 255]


@pytest.fixture
def open_stack(new_page, address):
    """Open the page with a preset; returns the page."""

    def open_it(preset="three_small", query="", standing=False, **options):
        page = new_page(standing=standing, **options)
        show_page(page, f"{address}/receptive-field?preset={preset}{query}")
        expect(page.locator(".stack .words")).not_to_be_empty()
        return page

    return open_it


def canvas(page, name):
    return page.locator(f'figure[data-map="{name}"] canvas')


def cell_size(page, name):
    return canvas(page, name).evaluate(
        "c => c.getRootNode().querySelector('.stack').stack.maps.find((m) => m.canvas === c).cell"
    )


def spot(page, name, row, column):
    """The middle of a cell, in pixels of its canvas."""
    size = cell_size(page, name)
    return {"x": MARGIN + (column + 0.5) * size, "y": MARGIN + (row + 0.5) * size}


def colour(page, name, row, column):
    return canvas(page, name).evaluate(COLOUR, [row, column, cell_size(page, name)])


def chosen(page, name, row, column, pinned=None):
    stack = page.locator(".stack")
    expect(stack).to_have_attribute("data-map", name)
    expect(stack).to_have_attribute("data-row", str(row))
    expect(stack).to_have_attribute("data-column", str(column))
    if pinned is not None:
        expect(stack).to_have_attribute("data-pinned", "true" if pinned else "false")


def stretch(word, seen):
    return f"{word} {seen[0]}" if len(seen) == 1 else f"{word}s {seen[0]} to {seen[-1]}"


def sentence(preset, level, row, column):
    """What must be said of a cell that sees its field without gaps."""
    windows, size = [layer.window for layer in STACKS[preset].layers][:level], STACKS[preset].input_size
    kind = STACKS[preset].layers[level - 1].kind
    rows, columns = connection(windows, size)
    down, across = rows.paths[row], columns.paths[column]
    at = np.flatnonzero(down), np.flatnonzero(across)
    most, corner = down.max() * across.max(), down[at[0][0]] * across[at[1][0]]
    paths = f"the corner [{at[0][0]}, {at[1][0]}] on {corner}." if most > corner else "Each is reached on"
    field = receptive_fields(windows, size)[-1].size
    whole = f"Its whole field is {field[0]}×{field[1]} cells"
    clipped = field != (len(at[0]), len(at[1]))
    return [
        f"{kind}{level}[{row}, {column}] sees {stretch('row', at[0])} and {stretch('column', at[1])} of the input: "
        f"{len(at[0])}×{len(at[1])} cells.",
        f"{most} path",
        paths,
        *([whole] if clipped else []),
    ], clipped


def test_before_the_first_click_the_middle_of_the_top_is_chosen(open_stack):
    page = open_stack()
    chosen(page, "conv3", 2, 2, pinned=False)
    expect(page.locator(".stack .words")).to_have_text(
        "conv3[2, 2] sees rows 2 to 8 and columns 2 to 8 of the input: 7×7 cells. input[5, 5] is reached on 49 paths, "
        "the corner [2, 2] on 1."
    )
    expect(page.locator(".stack .words")).to_have_attribute("aria-live", "polite")


@pytest.mark.parametrize("preset", STACKS)
def test_hover_says_and_lights_what_the_core_computes(open_stack, preset):
    page, rng = open_stack(preset, standing=True), random.Random(preset)
    layers, size = STACKS[preset].layers, STACKS[preset].input_size
    sizes = [field.map_size[0] for field in receptive_fields([layer.window for layer in layers], size)]
    for _ in range(4):
        level = rng.randint(1, len(layers))
        row, column = rng.randrange(sizes[level]), rng.randrange(sizes[level])
        name = f"{layers[level - 1].kind}{level}"
        canvas(page, name).hover(position=spot(page, name, row, column))
        chosen(page, name, row, column)
        parts, clipped = sentence(preset, level, row, column)
        for part in parts:
            expect(page.locator(".stack .words")).to_contain_text(part)
        named = expect(page.locator(".stack .words"))
        (named.to_contain_text if clipped else named.not_to_contain_text)("padding")
        rows, columns = connection([layer.window for layer in layers[:level]], size)
        counts = np.outer(rows.paths[row], columns.paths[column])
        brightest = tuple(np.argwhere(counts == counts.max())[0])
        faintest = tuple(np.argwhere(counts == counts[counts > 0].min())[0])
        strongest, weakest = (colour(page, "input", int(r), int(c)) for r, c in (brightest, faintest))
        assert strongest == MANY_PATHS
        blue = MANY_PATHS[2]
        assert (
            blue <= weakest[2] <= blue + 0.8 * (255 - blue) + 1
        )  # between that colour and the page's white, not too faint
        assert (weakest[2] > blue) == (counts[faintest] < counts.max())
        if (counts == 0).any():
            r, c = map(int, np.argwhere(counts == 0)[rng.randrange((counts == 0).sum())])
            assert colour(page, "input", r, c) == BLANK
        assert colour(page, name, row, column) == PINK


def test_above_it_lights_what_it_influences(open_stack):
    page = open_stack(standing=True)
    canvas(page, "input").hover(position=spot(page, "input", 0, 4))
    expect(page.locator(".stack .words")).to_have_text(
        "input[0, 4] influences 3 cells of conv1, 5 cells of conv2, 4 cells of conv3."
    )
    rows, columns = connection([layer.window for layer in STACKS["three_small"].layers], 10)
    for row, column in np.ndindex(4, 4):
        lit = colour(page, "conv3", row, column) != BLANK
        assert lit == bool(rows.paths[row, 0] * columns.paths[column, 4])
    canvas(page, "conv2").hover(position=spot(page, "conv2", 3, 3))
    expect(page.locator(".stack .words")).to_contain_text("It influences 9 cells of conv3.")


def test_padding_is_told_and_drawn(open_stack):
    page = open_stack("strided", standing=True)
    canvas(page, "conv3").hover(position=spot(page, "conv3", 0, 11))
    words = page.locator(".stack .words")
    expect(words).to_contain_text(
        "Its whole field is 19×19 cells, but this much of it is padding: 9 rows at the top, 6 co"
    )
    expect(words).to_contain_text("6 columns on the right.")
    for at, sides in (((6, 6), set()), ((0, 0), {"top", "left"}), ((11, 6), {"bottom"}), ((6, 11), {"right"})):
        canvas(page, "conv3").hover(position=spot(page, "conv3", *at))
        chosen(page, "conv3", *at)
        inked = canvas(page, "input").evaluate(EDGES)
        assert {side for side, ink in inked.items() if ink} == sides


def test_gaps_are_told(open_stack):
    page = open_stack("one 7×7", "&layer_1_kernel_size=2&layer_1_dilation=4", standing=True)
    expect(page.locator(".stack .words")).to_contain_text(
        "5×5 cells. It reads 4 of them; the others fall through the gaps."
    )


def test_a_window_of_padding_only_sees_nothing(open_stack):
    page = open_stack("one 7×7", "&layer_1_kernel_size=1&layer_1_padding=2", standing=True)
    canvas(page, "conv1").hover(position=spot(page, "conv1", 0, 5))
    expect(page.locator(".stack .words")).to_have_text("conv1[0, 5] sees nothing of the input, only padding.")


def test_a_click_keeps_the_cell_until_escape_or_another_click(open_stack):
    page = open_stack()
    top = canvas(page, "conv3")
    top.click(position=spot(page, "conv3", 1, 0))
    chosen(page, "conv3", 1, 0, pinned=True)
    expect(page.locator(".stack .hint")).to_have_text("Kept. Escape or another click lets it go.")
    canvas(page, "conv1").hover()
    chosen(page, "conv3", 1, 0, pinned=True)
    page.keyboard.press("Escape")
    chosen(page, "conv3", 1, 0, pinned=False)
    canvas(page, "conv1").hover(position=spot(page, "conv1", 7, 7))
    chosen(page, "conv1", 7, 7)
    top.click(position=spot(page, "conv3", 3, 3))
    canvas(page, "conv1").click(position=spot(page, "conv1", 2, 1))
    chosen(page, "conv1", 2, 1, pinned=False)


def test_a_kept_cell_outlives_a_change_of_the_stack_while_it_exists(open_stack):
    page = open_stack()
    canvas(page, "conv1").click(position=spot(page, "conv1", 6, 6))
    page.get_by_role("slider", name="layer 1 padding").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator('figure[data-map="conv1"]')).to_contain_text("10×10")
    chosen(page, "conv1", 6, 6, pinned=True)
    page.get_by_role("slider", name="layer 1 stride").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator('figure[data-map="conv1"]')).to_contain_text("5×5")
    chosen(page, "conv3", 0, 0, pinned=False)


def test_keys(open_stack):
    page = open_stack()
    page.keyboard.press("Tab")
    canvas(page, "conv2").focus()
    chosen(page, "conv2", 3, 3)
    for key, at in (("ArrowRight", (3, 4)), ("ArrowDown", (4, 4)), ("ArrowLeft", (4, 3)), ("ArrowUp", (3, 3))):
        page.keyboard.press(key)
        chosen(page, "conv2", *at)
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    chosen(page, "conv2", 3, 5, pinned=False)  # the edge
    page.keyboard.press("Enter")
    chosen(page, "conv2", 3, 5, pinned=True)
    page.keyboard.press("Tab")
    chosen(page, "conv2", 3, 5, pinned=True)
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowLeft")
    chosen(page, "conv3", 2, 1, pinned=False)
    page.keyboard.press(" ")
    chosen(page, "conv3", 2, 1, pinned=True)
    outline = canvas(page, "conv3").evaluate("c => getComputedStyle(c).outlineStyle")
    assert outline == "solid"


def test_every_map_has_a_name_for_those_who_do_not_see_it(open_stack):
    page = open_stack("LeNet-5", standing=True)
    for name in ("input, 32 by 32 cells", "pool2, 14 by 14 cells", "conv5, 1 by 1 cells"):
        expect(page.get_by_role("application", name=name)).to_have_count(1)


@pytest.mark.parametrize("preset", STACKS)
def test_on_a_phone_it_fits_and_answers_a_finger(open_stack, preset):
    page = open_stack(preset, width=390, has_touch=True, device_scale_factor=2, standing=True)
    boxes = [figure.bounding_box() for figure in page.locator(".stack canvas").all()]
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in boxes)
    assert all(cell_size(page, figure.get_attribute("data-map")) >= 3 for figure in page.locator("figure").all())
    canvas(page, "conv1").tap(position=spot(page, "conv1", 1, 2))
    chosen(page, "conv1", 1, 2)
    canvas(page, "input").tap(position=spot(page, "input", 3, 3))
    chosen(page, "input", 3, 3)


def test_on_a_phone_no_map_is_under_the_words(open_stack):
    page = open_stack(width=390, has_touch=True, standing=True)
    for preset in STACKS:
        show_page(page, f"{page.url.split('?')[0]}?preset={preset}")
        expect(page.locator(".stack figure")).to_have_count(len(STACKS[preset].layers) + 1)
        boxes = [canvas.bounding_box() for canvas in page.locator(".stack canvas").all()]
        bottom = max(box["y"] + box["height"] for box in boxes) - MARGIN
        assert bottom <= page.locator(".stack .told").bounding_box()["y"], preset


def test_on_a_phone_hint_and_words_are_in_view_together(open_stack):
    page = open_stack(width=390, has_touch=True, standing=True)
    boxes = [page.locator(f".stack .{name}").bounding_box() for name in ("words", "hint")]
    assert boxes[0]["y"] + boxes[0]["height"] <= boxes[1]["y"]
    assert boxes[1]["y"] + boxes[1]["height"] <= 844
    seen = """hint => { const { left, top, width, height } = hint.getBoundingClientRect(), root = hint.getRootNode();
      return [1, height / 2, height - 1].every((down) => root.elementFromPoint(left + 5, top + down) === hint) }"""
    assert page.locator(".stack .hint").evaluate(seen)


def test_a_layer_made_a_pool_is_2x2_with_stride_2_and_the_input_grows(open_stack, new_page):
    page = open_stack(query="&layers=4")
    page.get_by_test_id("stExpander").filter(has_text="Layer 2").locator("summary").click()
    page.get_by_role("radiogroup", name="layer 2 kind").get_by_text("pool").click()
    expect(page.locator('figure[data-map="pool2"]')).to_contain_text("2×2, stride 2")
    words = page.locator(".stack .words")
    expect(words).to_contain_text("12×12 cells")
    expect(page.get_by_role("slider", name="input size")).to_have_value("12")
    expect(page.locator("td").filter(has_text="conv4")).to_be_visible()
    expect(page).to_have_url(re.compile("layer_2_kernel_size=2&layer_2_stride=2"))
    settle(page)
    again = new_page()
    open_page(again, page.url)
    expect(again.locator(".stack .words")).to_have_text(words.inner_text())


def test_a_change_of_theme_is_followed(open_stack):
    page = open_stack(theme="light")
    before = colour(page, "conv2", 2, 2)
    page.emulate_media(color_scheme="dark")
    assert before == [217, 95, 2, 255]

    def dark():
        with suppress(Error):  # the map is made anew
            return colour(page, "conv2", 2, 2) == [240, 130, 40, 255]

    until(dark)


def test_a_preset_replaces_the_stack_and_its_address_brings_it_back(open_stack, new_page):
    page = open_stack(query="&layer_1_kernel_size=5")
    expect(page.get_by_text("Changed by you, from “three 3×3”.")).to_be_visible()
    page.get_by_role("combobox", name="preset").click()
    page.get_by_role("option", name="VGG blocks").click()
    chosen(page, "conv5", 6, 6)
    expect(page).to_have_url(re.compile(r"\?preset=vgg_blocks$"))
    page.get_by_role("slider", name="layer 1 stride").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator('figure[data-map="pool3"]')).to_contain_text("6×6")
    expect(page).to_have_url(re.compile(r"layer_1_stride=2"))
    settle(page)
    words = page.locator(".stack .words").inner_text()
    again = new_page()
    open_page(again, page.url)
    expect(again.locator(".stack .words")).to_have_text(words)
    page.get_by_role("button", name="Back to it").click()
    expect(page.locator('figure[data-map="pool3"]')).to_contain_text("12×12")
    expect(page).to_have_url(re.compile(r"\?preset=vgg_blocks$"))


def test_the_largest_stack_follows_the_pointer(open_stack):
    query = "".join(
        f"&layer_{n}_kind=conv&layer_{n}_kernel_size=7&layer_{n}_padding=3&layer_{n}_stride=1" for n in range(1, 6)
    )
    page = open_stack("LeNet-5", f"&input_size=64{query}", standing=True)
    chosen(page, "conv5", 32, 32)
    drawing = """c => { const { stack } = c.getRootNode().querySelector('.stack'); const start = performance.now();
        for (let i = 0; i < 20; i++) stack.choose(5, [i, i]); return (performance.now() - start) / 20 }"""
    assert canvas(page, "conv5").evaluate(drawing) < 100  # milliseconds, on a busy machine


def test_a_pinned_cell_stands_in_the_address(page, new_page, address):
    open_page(page, address + "/receptive-field")
    canvas = page.locator(".stack canvas").nth(2)
    canvas.click(position={"x": 20, "y": 20})
    expect(page.locator(".stack")).to_have_attribute("data-pinned", "true")
    expect(page).to_have_url(re.compile("pinned=2"))
    said = page.locator(".stack .words").inner_text()
    again = new_page()
    open_page(again, page.url)
    expect(again.locator(".stack .words")).to_have_text(said)
    expect(again.locator(".stack")).to_have_attribute("data-pinned", "true")
    canvas.click(position={"x": 20, "y": 20})
    expect(page).not_to_have_url(re.compile("pinned"))
    open_page(again, address + "/receptive-field?pinned=9,9,9")
    expect(again.get_by_text("pinned (=9,9,9) in the link must be a feature map")).to_be_visible()
