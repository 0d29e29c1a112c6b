"""The player in a real browser: every control of its transport, by mouse, by keyboard and by touch."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.walking import at, canvas, count, go, open_walk, place

PAGE = "/convolution?input=shuffled_numbers&input_size=6&padding=0"


@pytest.fixture
def player(page, address):
    found = open_walk(page, address + PAGE + "&stages=false")
    expect(found).to_have_attribute("data-count", "32")  # 16 outputs, forward and backward
    return found


@pytest.fixture
def staged(page, address):
    return open_walk(page, address + PAGE)


def test_buttons(player):
    player.locator(".forward").click()
    at(player, 1)
    player.locator(".back").click()
    at(player, 0)
    player.locator(".back").click()
    at(player, 0)
    player.locator(".last").click()
    at(player, 31)
    player.locator(".back").click()
    at(player, 30)
    player.locator(".first").click()
    at(player, 0)


def test_keys(page, player):
    player.focus()
    keys = (("Home", 0), ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", 31))
    for key, step in keys:
        page.keyboard.press(key)
        at(player, step)


def test_plus_and_minus_change_the_speed(page, player):
    speed = player.get_by_label("speed")
    expect(speed).to_have_value("1")
    player.focus()
    for key, value in (("+", "2"), ("+", "4"), ("-", "2"), ("-", "1"), ("-", "0.5"), ("-", "0.25"), ("-", "0.25")):
        page.keyboard.press(key)
        expect(speed).to_have_value(value)


def test_scrubber_has_a_name_and_its_own_keys(page, player):
    scrub = player.get_by_role("slider", name="Step")
    scrub.focus()
    page.keyboard.press("End")
    at(player, 31)
    page.keyboard.press("Home")
    at(player, 0)
    page.keyboard.press("ArrowRight")
    at(player, 1)
    expect(scrub).to_have_attribute("aria-valuetext", "step 2 of 32 · forward")


def test_the_scrubber_runs_on_into_the_backward_pass(player):
    dx = player.locator('section[data-grid="dx"]')
    expect(player).to_have_attribute("data-phase", "forward")
    expect(dx).to_be_hidden()  # it takes no room yet
    go(player, 15)
    expect(player).to_have_attribute("data-phase", "forward")
    assert not any(player.evaluate("el => [...el.player.walk.grids.dx.counts]"))
    go(player, 16)
    expect(player).to_have_attribute("data-phase", "backward")
    expect(dx).to_be_visible()
    expect(player.locator(".words")).to_contain_text(
        "dout[0, 0] = −2. −2 × the input's window (the second factors) is added to dweight"
    )
    assert any(player.evaluate("el => [...el.player.walk.grids.dx.counts]"))
    expect(dx.locator(".frame").first).to_be_visible()
    go(player, 3)
    assert not any(player.evaluate("el => [...el.player.walk.grids.dx.counts]"))


def test_play_and_pause_by_mouse_and_by_space(page, player):
    player.get_by_label("speed").select_option("4")
    player.get_by_role("button", name="Play").click()
    expect(player.get_by_role("button", name="Pause")).to_be_visible()
    expect(player).not_to_have_attribute("data-step", "0")
    player.get_by_role("button", name="Pause").click()
    expect(player.get_by_role("button", name="Play")).to_be_visible()
    stopped = player.get_attribute("data-step")
    page.wait_for_timeout(300)
    assert player.get_attribute("data-step") == stopped
    player.focus()
    player.get_by_label("speed").select_option("16")
    page.keyboard.press("Space")
    at(player, 31)  # it plays to the end and stops there
    expect(player.get_by_role("button", name="Play")).to_be_visible()
    page.keyboard.press("Space")  # and begins anew
    expect(player).not_to_have_attribute("data-step", "31")


def test_loop_begins_again(page, player):
    player.get_by_label("loop").check()
    player.get_by_label("speed").select_option("16")
    go(player, 29)
    player.get_by_role("button", name="Play").click()
    page.wait_for_function("el => +el.dataset.step < 20", arg=player.element_handle())
    expect(player.get_by_role("button", name="Pause")).to_be_visible()


def test_a_step_in_its_stages(page, staged):
    stages = ["1/4: multiply", "2/4: add up", "3/4: add the bias", "4/4: write out"]
    at(staged, 0, stage=3)
    out_before = canvas(staged, "out").evaluate("canvas => canvas.toDataURL()")
    shown = []
    for stage, words in enumerate(stages):
        staged.locator(".forward").click()
        at(staged, 1, stage)
        expect(staged.locator(".stage")).to_have_text(words)
        hidden = staged.locator(".total .later").count()
        shown.append((hidden, canvas(staged, "out").evaluate("canvas => canvas.toDataURL()") != out_before))
    assert shown == [(3, False), (2, False), (1, False), (0, True)]  # each stage adds a part; the last writes
    staged.locator(".back").click()
    at(staged, 1, stage=2)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    at(staged, 2, stage=0)
    staged.get_by_label("in stages").uncheck()
    staged.locator(".forward").click()
    at(staged, 3)
    expect(staged.locator(".total .later")).to_have_count(0)


def test_backward_stages_fill_one_sum_after_the_other(staged):
    go(staged, 16)
    staged.locator(".forward").click()
    sums = "el => ['dweight', 'dx', 'dbias'].map((name) => el.player.walk.makers[name].done)"
    found = [staged.evaluate(sums)]
    for _ in range(2):
        staged.locator(".forward").click()
        found.append(staged.evaluate(sums))
    assert found == [[2, 1, 1], [2, 2, 1], [2, 2, 2]]


def test_keys_work_before_anything_has_the_focus(page, player):
    page.keyboard.press("ArrowRight")
    at(player, 1)


def test_while_it_plays_the_words_follow_but_are_not_read_aloud(page, player):
    player.get_by_role(
        "button", name="Play"
    ).click()  # slowly: no machine is too busy to look before the way back begins
    expect(player.locator(".words")).to_have_attribute("aria-live", "off")
    shown = page.wait_for_function(
        "p => p.dataset.step > 1 && [p.querySelector('.words').textContent, p.querySelector('.total').textContent]",
        arg=player.element_handle(),
    ).json_value()
    assert shown[1].split("→")[1].strip() in shown[0]


def test_while_steps_fly_by_the_words_stay_readable_and_at_rest_they_tell_the_step(page, address):
    player = open_walk(page, address + "/convolution?input=lake&input_size=32&stages=false&speed=16")
    seen = player.evaluate(
        """async (player) => {
          player.querySelector(".play").click();
          const [steps, words] = [new Set(), new Set()];
          for (let frame = 0; frame < 90; frame++) {
            await new Promise(requestAnimationFrame);
            steps.add(player.dataset.step);
            words.add(player.querySelector(".words").textContent);
          }
          player.querySelector(".play").click();
          return [steps.size, words.size];
        }"""
    )
    assert 2 <= seen[1] < seen[0]
    step = int(player.get_attribute("data-step")) + 1
    expect(player.locator(".words")).to_contain_text(f"Step {step} of")
    expect(player.locator(".scrub")).to_have_attribute("aria-valuetext", re.compile(f"step {step} of"))


def test_what_the_backward_pass_collects_follows_a_change_of_size(page, player):
    go(player, 16)
    width = "figure => figure.querySelector('canvas').width"
    given, made = (player.locator(f"figure[data-grid={name}]").first for name in ("x", "dx"))
    before = given.evaluate(width)
    page.get_by_role("slider", name="padding").press("ArrowRight")
    expect(player.locator(".group.x h4")).to_contain_text("padded")
    page.wait_for_function(
        "([player, before]) => player.querySelector('figure[data-grid=dx] canvas').width !== before",
        arg=[player.element_handle(), before],
    )
    collected = made.evaluate(width)
    player.get_by_role("button", name="forward", exact=True).click()
    expect(given).to_be_visible()
    assert given.evaluate(width) == collected


def test_a_click_on_an_output_cell_goes_to_its_step(player):
    canvas(player, "out").click(position=place(player, "out", 3))
    at(player, 3)
    go(player, 20)
    canvas(player, "dout").click(position=place(player, "dout", 9))
    at(player, 25)  # it stays in the backward pass


def test_the_step_is_told_in_words_and_as_a_table(player):
    words = player.locator(".words")
    expect(words).to_have_attribute("aria-live", "polite")
    expect(words).to_contain_text(
        "Step 1 of 32 · forward: The window with its corner at row 0, column 0 gives out[0, 0]"
    )
    player.get_by_text("This step as a table").click()
    rows = player.locator("tbody tr")
    expect(rows).to_have_count(9)
    expect(rows.nth(4)).to_contain_text("x[1, 1]")
    player.locator(".forward").click()
    expect(rows.nth(4)).to_contain_text("x[1, 2]")


def test_the_step_outlives_another_kernel(page, player):
    go(player, 15)
    page.get_by_text("Channels, filters, groups, bias").click()
    bias = page.get_by_role("textbox", name="bias")
    bias.fill("2.5")
    bias.press("Enter")
    expect(player.locator(".total")).to_contain_text("bias 2.5")
    at(player, 15)


def test_every_control_has_a_name(player):
    unnamed = player.evaluate(
        """el => [...el.querySelectorAll("button, input, select, canvas:not(.linked)")].filter((control) =>
             !(control.getAttribute("aria-label") || (control.labels?.[0] ?? control).textContent.trim())).length"""
    )
    assert unnamed == 0


def test_colour_scales(player):
    kernel = canvas(player, "weight")
    before = kernel.evaluate("canvas => canvas.toDataURL()")
    pictures = {before}
    for name in ("green_purple", "teal_red", "blue_orange"):
        player.get_by_label("colours").select_option(name)
        pictures.add(kernel.evaluate("canvas => canvas.toDataURL()"))
    assert len(pictures) == 3
    assert kernel.evaluate("canvas => canvas.toDataURL()") == before


def test_by_touch(new_page, address):
    page = new_page(width=390, has_touch=True)
    player = open_walk(page, address + PAGE + "&stages=false")
    player.locator(".forward").tap()
    at(player, 1)
    canvas(player, "out").tap(position=place(player, "out", 6))
    at(player, 6)
    expect(player).to_have_attribute("data-pinned", "out,0,6")


def test_reduced_motion_moves_the_window_at_once(new_page, address):
    page = new_page(reduced_motion="reduce")
    player = open_walk(page, address + "/convolution")
    assert player.locator(".frame").first.evaluate("frame => getComputedStyle(frame).transitionDuration") == "0s"


def test_a_large_picture_has_a_lens_that_follows_the_window(page, address):
    player = open_walk(page, address + "/convolution?input=boat&input_size=256&padding=1&stages=false")
    assert count(player) == 2 * 256 * 256
    lens = player.locator('section[data-grid="x"] .lenses canvas:not(.linked)').first
    seen = set()
    for step in (0, 20, 21, 40_000, 65_535):
        go(player, step)
        seen.add(lens.evaluate("canvas => canvas.toDataURL()"))
        view = player.evaluate("el => el.player.stage.groups[0].lenses[0].view")
        mark = player.evaluate("el => el.player.walk.marks('x', el.player.at)[0]")
        assert view["top"] <= mark["top"] <= mark["top"] + 3 <= view["top"] + view["rows"]
        assert view["left"] <= mark["left"] <= mark["left"] + 3 <= view["left"] + view["columns"]
        moved, anew = player.evaluate(
            """el => { const lens = el.player.stage.groups[0].lenses[0]; const moved = lens.canvas.toDataURL();
                 lens.draw(lens.colours);
                 return [moved, lens.canvas.toDataURL()] }"""
        )
        assert moved == anew  # scrolling along shows what drawing all of it would
    assert len(seen) == 5


def test_where_there_is_no_room_for_both_the_gradients_stand_where_the_forward_grids_stood(page, address):
    player = open_walk(page, address + "/pooling?preset=a_photograph&stages=false")
    forward, backward = (
        {name: player.locator(f'section[data-grid="{name}"]') for name in names}
        for names in (("x", "out"), ("dx", "dout"))
    )
    places = [group.bounding_box() for group in forward.values()]
    assert all(places)
    go(player, 256 * 3)  # the first of the backward pass
    for group, stood in zip(backward.values(), places, strict=True):
        here = group.bounding_box()
        assert (here["x"], here["y"]) == (stood["x"], stood["y"])
        expect(group.locator(".lenses .frame").first).to_be_visible()
    for group in forward.values():
        expect(group).to_be_hidden()
    go(player, 0)
    assert [group.bounding_box() for group in forward.values()] == places
