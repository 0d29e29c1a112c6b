"""What moves, its sum and what it makes lie on the first screen together, forward and backward, for every example."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_pages import fits
from tests.browser.test_presets import PRESETS, not_clipped
from tests.browser.walking import at, count, go, open_walk

# At each of these steps the bottom and the right edge of what has to be in view: the time axis, the words, the sum, and of each
# grid the frame of this step, in its lens where it has one; how high the figure is in which phase; and the titles, of grids and
# of the sum's terms, that stand in another one, or all but touch it.
EDGES = """async (player, steps) => { const found = [];
  const shown = (element) => element.getBoundingClientRect().height > 0 && element.style.visibility !== "hidden";
  const frame = () => new Promise(requestAnimationFrame);
  for (const step of steps) { player.player.go(step); await frame(); await frame(); found.push(edges()) }
  return found;
  // On a phone a matrix's rows stand for the kernels, which come below.
  function counts(group) {
    return !(player.dataset.form === "phone" && group.matches(".weight") && player.querySelector(".columns")) }
  function edges() { const frames = [...player.querySelectorAll(".group:not(.rests)")].filter(counts).flatMap((group) => {
    const [lenses, planes] = [".lenses", ".planes"].map((list) => [...group.querySelectorAll(`${list} .frame`)].filter(shown));
    return lenses.length ? lenses : planes });
  const boxes = [...player.querySelectorAll(".transport, .says, .sum"), ...frames].map((e) => e.getBoundingClientRect());
  const high = [player.dataset.phase, player.querySelector(".figure").offsetHeight];
  return [Math.max(...boxes.map((b) => b.bottom)), Math.max(...boxes.map((b) => b.right)), frames.length, high, mixed()] }
  function mixed() { const range = document.createRange();
  const texts = [...player.querySelectorAll(".group h4, .terms h5, .stage")].filter((e) => e.textContent && shown(e.parentNode));
  const places = texts.map((e) => (range.selectNodeContents(e), range.getBoundingClientRect()));
  return texts.filter((_, i) => places.some((b, k) => k < i && b.right + 6 > places[i].left && places[i].right + 6 > b.left &&
    b.bottom > places[i].top + 2 && places[i].bottom > b.top + 2)).map((e) => e.textContent) } }"""
# Scroll the page until the player's buttons stay at its top.
UP = """player => { const main = player.getRootNode().host.closest('[data-testid="stMain"]');
  const room = player.getBoundingClientRect().top - parseFloat(getComputedStyle(player.querySelector(".transport")).top);
  main.scrollTop += room }"""
SMALL = [(390, 844), (360, 844)]
# How large and how wide the numbers of a plane are written, in pixels.
WRITTEN = """(plane) => { const found = []; const { pen } = plane; const write = pen.fillText;
  pen.fillText = function (...given) {
    found.push({ size: +pen.font.match(/([\\d.]+)px/)[1], width: pen.measureText(given[0]).width }); write.apply(pen, given) };
  plane.draw(plane.colours); delete pen.fillText; return found }"""
FONTS = f"""player => player.player.stage.planes.filter((p) => p.cell >= 19 && p.colours).map((plane) =>
  Math.min(99, ...({WRITTEN})(plane).map((number) => number.size)))"""
# By how many pixels the widest number of a grid reaches below a frame around its cell.
BELOW_FRAMES = f"""player => player.player.stage.planes
  .filter((p) => p.cell >= 19 && p.colours && p.frame.getBoundingClientRect().height > 0).map((plane) =>
  Math.max(0, ...({WRITTEN})(plane).map((number) => number.width))
    + 2 * parseFloat(getComputedStyle(plane.frame).borderLeftWidth) - plane.cell)"""


@pytest.mark.parametrize(("path", "name"), PRESETS)
def test_an_example_fits_one_screen(new_page, address, path, name):
    page = new_page(1280, theme=("light", "dark")[PRESETS.index((path, name)) % 2], standing=True)
    player = open_walk(page, f"{address}/{path}?preset={name}")
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    for width, height in ((1280, 800), (1366, 768)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function("player => !player.player.stage.outgrown", arg=player.element_handle())
        steps = [count(player) - 1, count(player) // 2, count(player) // 2 - 1, 0]
        for step, (bottom, right, frames, _, mixed) in zip(steps, player.evaluate(EDGES, steps), strict=True):
            assert frames >= 2, step
            assert right <= width, step
            assert bottom <= height, step
            assert not mixed, step
        fits(page)
        not_clipped(player)
    fits_a_phone(player)
    player.locator(".last").click()
    expect(player.locator(".total")).not_to_be_empty()


def fits_a_phone(player):
    """What has to be in view is on one screen, below the buttons, and nothing changes its height from step to step."""
    page = player.page
    for width, height in SMALL:
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function(
            "player => !player.player.stage.outgrown && player.dataset.form === 'phone'", arg=player.element_handle()
        )
        player.evaluate(UP)
        last = count(player) - 1
        steps = [last, last - 1, last // 2, 1, 0]
        heights = {}
        for step, (bottom, right, frames, (phase, high), mixed) in zip(
            steps, player.evaluate(EDGES, steps), strict=True
        ):
            assert frames >= 2, step
            assert right <= width, step
            assert bottom <= height, step
            assert not mixed, step
            assert heights.setdefault(phase, high) == high, step
        for step in (last, 0):
            go(player, step)
            assert max(player.evaluate(BELOW_FRAMES), default=0) <= 0, step
        fits(page)
        not_clipped(player)


@pytest.mark.parametrize("layer", ["convolution", "max_pooling", "average_pooling", "gathered"])
def test_the_backward_pass_by_itself_fits_one_screen_with_dout_beside_what_it_belongs_to(new_page, address, layer):
    page = new_page(1280, standing=True)
    page.set_viewport_size({"width": 1280, "height": 800})
    query = "dx_as=gather" if layer == "gathered" else f"kernel=emboss&layer={layer}"
    player = open_walk(page, f"{address}/gradient-flow?{query}")
    for bottom, right, *_ in player.evaluate(EDGES, [0, count(player) - 1]):
        assert bottom <= 800
        assert right <= 1280
    groups = player.locator(".group:not(.rests)").evaluate_all("all => all.map((group) => group.dataset.grid)")
    boxes = {name: player.locator(f".group.{name}").bounding_box() for name in groups}
    if "dout" in groups:  # gathered, it is the input
        beside = "weight" if "weight" in groups else "x" if "x" in groups else "dx"
        gap = boxes["dout"]["x"] - boxes[beside]["x"] - boxes[beside]["width"]
        assert boxes["dout"]["y"] == boxes[beside]["y"]
        assert 0 < gap < 90  # at most the bias of what stands below the kernel is between them
        assert boxes["dout"]["x"] < player.locator(".sum").bounding_box()["x"]
    fits_a_phone(player)


@pytest.mark.parametrize(
    "query",
    [
        "convolution?input=few_numbers&input_size=8&channels=4&filters=2&kernel_size=4&stride=3&padding=4&kernel=edges",
        "convolution?input=few_numbers&input_size=9&channels=4&filters=8",
        "transposed?view=gather&channels=3&filters=3&input_size=6&stride=2",
        "im2col?input=few_numbers&input_size=10&channels=3&filters=2&kernel_size=4&padding=1&dilation=2",
    ],
)
def test_many_planes_stay_on_the_page(standing, address, query):
    player = open_walk(standing, f"{address}/{query}")
    for step in (0, count(player) - 1):
        go(player, step)
        edges = player.evaluate("""player => [...player.querySelectorAll(".group:not(.rests)")].map((group) =>
          group.getBoundingClientRect().right - player.getBoundingClientRect().right)""")
        assert max(edges) <= 1, step
        fits(standing)


def test_the_sum_keeps_its_height_at_every_step_of_a_phase(standing, address):
    player = open_walk(standing, address + "/pooling?preset=overwriting&stages=false")
    heights = player.evaluate("""player => Array.from({ length: player.player.walk.count }, (_, step) => {
      player.player.go(step);
      return [player.dataset.phase, player.querySelector(".sum").getBoundingClientRect().height] })""")
    assert len({(phase, round(height)) for phase, height in heights}) == 2


def test_a_walk_of_one_phase_shows_all_of_its_grids(new_page, address):
    player = open_walk(new_page(390, standing=True), address + "/gradient-flow")
    for name in ("x", "weight", "dx", "dweight", "dout"):
        expect(player.locator(f".group.{name}")).to_be_visible()


@pytest.mark.parametrize(
    ("path", "name"),
    [("convolution", name) for name in ("edges_on_a_picture", "course_demo", "grey_from_colours", "one_by_one")]
    + [("im2col", "in_colour")],
)
def test_digits_are_large_enough_to_read(new_page, address, path, name):
    page = new_page(1280, standing=True)
    page.set_viewport_size({"width": 1280, "height": 800})
    player = open_walk(page, f"{address}/{path}?preset={name}")
    sizes = player.evaluate(FONTS)
    assert sizes
    assert min(sizes) >= 11


@pytest.mark.parametrize(("name", "theme"), [("eight_filters", "light"), ("course_demo", "dark")])
def test_on_a_phone_what_plays_comes_into_view_and_its_terms_scroll_by_themselves(new_page, address, name, theme):
    page = new_page(390, theme, standing=True)
    player = open_walk(page, f"{address}/convolution?preset={name}")
    scroll = "player => player.getRootNode().host.closest('[data-testid=\"stMain\"]').scrollTop"
    for phase, names in (("forward", ("x", "weight", "out")), ("backward", ("dx", "dweight", "dout"))):
        player.get_by_role("button", name=phase, exact=True).click()
        player.evaluate(scroll.replace(".scrollTop", ".scrollTop = 0"))
        player.get_by_role("button", name="Play").click()
        top = player.locator(".transport").bounding_box()
        boxes = [player.locator(f".group.{each}").bounding_box() for each in names]
        boxes.append(player.locator(".sum").bounding_box())
        assert min(box["y"] for box in boxes) >= top["y"] + top["height"]
        assert max(box["y"] + box["height"] for box in boxes) <= 844
        player.get_by_role("button", name="Pause").click()
    sizes = player.evaluate(FONTS)
    assert sizes
    assert min(sizes) >= 11
    assert player.locator(".term i").first.evaluate("term => getComputedStyle(term).fontSize") == "11px"
    first, terms, before = count(player) // 2, player.get_by_role("group", name="Terms of this step"), None
    for stage, heading in enumerate(("dweight +=", "dx[window] +=")):  # the block that is added now is what one sees
        player.evaluate("(player, [step, stage]) => player.player.go(step, stage)", [first, stage])
        at(player, first, stage)
        block = terms.locator("section", has_text=heading)
        page.wait_for_function(
            "([block, terms]) => Math.abs(block.getBoundingClientRect().left - terms.getBoundingClientRect().left) < 2",
            arg=[block.element_handle(), terms.element_handle()],
        )
        assert player.evaluate(scroll) == (before := before or player.evaluate(scroll))
    terms.focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(
        "([block, terms]) => block.getBoundingClientRect().left - terms.getBoundingClientRect().left > 20",
        arg=[block.element_handle(), terms.element_handle()],
    )
    at(player, first, 1)  # the arrows scroll what has the focus, and do not walk on


def test_the_first_screen_has_a_walk_by_hand_and_a_photograph_and_one_weight_changes_both(page, address):
    player = open_walk(page, address + "/convolution")
    expect(player).to_have_attribute("data-count", "18")  # nine outputs, forward and backward: walked in a minute
    pictures = page.locator("figure img")
    expect(pictures).to_have_count(2)
    boxes = [
        element.bounding_box() for element in (*pictures.all(), player.locator(".sum"), player.locator(".group.out"))
    ]
    assert max(box["y"] + box["height"] for box in boxes) <= 800
    assert max(box["x"] + box["width"] for box in boxes[2:]) < boxes[0]["x"]  # beside the figure
    for name in ("kernel size", "stride", "padding", "dilation"):
        slider = page.get_by_role("slider", name=name).bounding_box()
        assert slider["y"] < player.locator(".figure").bounding_box()["y"]
    made, after = player.locator(".total").inner_text(), pictures.nth(1).get_attribute("src")
    cell = page.get_by_label("weight[1, 2]")
    assert cell.bounding_box()["y"] < 800
    cell.fill("3")
    cell.press("Tab")
    expect(player.locator(".total")).not_to_have_text(made)
    expect(pictures.nth(1)).not_to_have_attribute("src", after)


@pytest.mark.parametrize("name", ["by_hand", "full_padding"])
def test_on_a_phone_a_small_input_stands_beside_its_output(new_page, address, name):
    page = new_page(390, standing=True)
    player = open_walk(page, f"{address}/convolution?preset={name}")
    for phase in ("forward", "backward"):
        player.get_by_role("button", name=phase, exact=True).click()
        player.locator(".sum").scroll_into_view_if_needed()
        names = ("x", "out") if phase == "forward" else ("dx", "dout")
        given, made = (player.locator(f".group.{name}").bounding_box() for name in names)
        assert given["y"] == pytest.approx(made["y"], abs=1)
        assert given["x"] + given["width"] <= made["x"]
        total, top = player.locator(".sum").bounding_box(), player.locator(".transport").bounding_box()
        assert given["y"] < total["y"]
        assert total["y"] + total["height"] - given["y"] <= 844 - top["y"] - top["height"]
    fits(page)


def test_on_a_phone_the_sliders_stand_between_the_words_and_the_figure(new_page, address):
    page = new_page(390, standing=True)
    player = open_walk(page, address + "/convolution")
    sliders = [page.get_by_role("slider", name=name) for name in ("kernel size", "stride", "padding", "dilation")]
    tops = [slider.bounding_box()["y"] for slider in sliders]
    assert tops[:2] == pytest.approx(tops[:1] * 2, abs=4)  # two in a line
    assert tops[2:] == pytest.approx(tops[2:3] * 2, abs=4)
    assert tops[3] < player.bounding_box()["y"]
    before = player.locator(".group.out h4").inner_text()
    sliders[1].press("ArrowRight")
    expect(player.locator(".group.out h4")).not_to_have_text(before)
    fits(page)


def test_phases_are_buttons(standing, address):
    player = open_walk(standing, address + "/convolution?preset=course_demo")
    backward = player.get_by_role("button", name="backward")
    backward.focus()
    standing.keyboard.press("Enter")
    at(player, 18)
    expect(backward).to_have_attribute("aria-current", "step")
    player.get_by_role("button", name="forward", exact=True).click()
    at(player, 0)
    expect(backward).not_to_have_attribute("aria-current", "step")
    for box in (backward.bounding_box(), player.get_by_role("button", name="forward", exact=True).bounding_box()):
        assert min(box["width"], box["height"]) >= 24


def test_another_stride_keeps_the_phase_and_the_place(standing, address):
    player = open_walk(standing, address + "/convolution?preset=half_padding")  # 5x5 outputs
    go(player, 25 + 2 * 5 + 4)
    standing.get_by_role("slider", name="stride").press("ArrowRight")  # 3x3
    expect(player).to_have_attribute("data-count", "18")
    at(player, 9 + 2 * 3 + 2)
    expect(player).to_have_attribute("data-phase", "backward")


def test_what_the_backward_pass_makes_is_introduced_where_it_first_appears(page, address):
    player = open_walk(page, address + "/convolution?preset=half_padding")
    note = player.locator(".note")
    expect(note).to_be_hidden()
    go(player, 25)
    expect(note).to_have_text(
        "dout is the upstream gradient: how fast the loss grows with each output. dx, dweight and dbias say the same of each "
        "input number and each weight and each bias. dweight is a sum because one kernel is used at every stop, dx because "
        "windows overlap; “dx as: gather” shows dx as a convolution of dout."
    )
    player = open_walk(page, address + "/pooling")
    go(player, count(player) - 1)
    expect(player.locator(".note")).to_contain_text("dx says the same of each input number.")


def test_each_step_that_the_slip_gets_wrong_is_told_marked_and_reached_by_a_button(standing, address):
    player = open_walk(standing, address + "/pooling?preset=overwriting&stages=false")
    pairs = player.evaluate("""el => { const { walk } = el.player; const { origin, taps, winner, grids } = walk;
      return Array.from(winner, (tap, step) => [origin[step] + taps[tap], grids.dout.counts[step]]) }""")
    written, right, wrong = {}, {}, {}
    for step, (cell, g) in enumerate(pairs, start=len(pairs)):
        old, written[cell] = written.get(cell, 0), g
        right[cell] = right.get(cell, 0) + g
        if written[cell] != right[cell]:
            words = f"was {old}, {g} is written over it, and it should be {right[cell]}"
            wrong[step] = f"dx[{cell // 6}, {cell % 6}] {words}".replace("-", "−")
    assert len(wrong) > 5
    button = player.get_by_role("button", name=f"next of {len(wrong)} wrong steps")
    expect(player.locator(".marks i")).to_have_count(len(wrong))
    for step, words in wrong.items():
        button.click()
        at(player, step)
        expect(player.locator(".total")).to_contain_text(words)
        expect(player.locator(".words")).to_contain_text(words)
    expect(player.locator(".words")).to_contain_text("Only this cell is written.")
    expect(player.locator(".terms")).to_contain_text("stays")  # the other cells of the window, which are not zeroed
    button.click()
    at(player, min(wrong))
    open_walk(standing, address + "/pooling?preset=overlapping_stride_1")
    expect(player.locator(".slip")).to_be_hidden()
