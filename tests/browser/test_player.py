"""The player in a real browser: every control, by mouse and by keyboard, and sums that add up to the digit."""

import random
import re
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from tools.browser import open_page, settle

NUMBER = re.compile(r"−?\d+(?:\.\d+)?")


def numbers(text):
    return [Decimal(n.replace("−", "-")) for n in NUMBER.findall(text)]


@pytest.fixture
def player(page, address):
    open_page(page, address + "/convolution?input_size=6&input=shuffled+numbers&padding=0")
    found = page.locator(".player")
    expect(found).to_have_attribute("data-count", "16")
    return found


def at(player, step):
    expect(player).to_have_attribute("data-step", str(step))
    expect(player.locator(".where")).to_have_text(f"step {step + 1} of {player.get_attribute('data-count')}")


def test_buttons(player):
    player.locator(".first").click()
    at(player, 0)
    player.locator(".back").click()
    at(player, 0)
    player.locator(".forward").click()
    at(player, 1)
    player.locator(".last").click()
    at(player, 15)
    player.locator(".back").click()
    at(player, 14)


def test_keys(page, player):
    player.focus()
    for key, step in (("Home", 0), ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", 15)):
        page.keyboard.press(key)
        at(player, step)


def test_scrubber_has_a_name_and_its_own_keys(page, player):
    scrub = player.get_by_role("slider", name="Step")
    scrub.focus()
    page.keyboard.press("Home")
    at(player, 0)
    page.keyboard.press("ArrowRight")
    at(player, 1)
    assert scrub.get_attribute("aria-valuetext") == "step 2 of 16"


def test_play_and_pause_by_mouse_and_by_space(page, player):
    player.locator(".first").click()
    player.get_by_label("Speed").select_option("16")
    player.get_by_role("button", name="Play").click()
    expect(player.get_by_role("button", name="Pause")).to_be_visible()
    expect(player).not_to_have_attribute("data-step", "0")
    player.get_by_role("button", name="Pause").click()
    stopped = player.get_attribute("data-step")
    page.wait_for_timeout(300)
    assert player.get_attribute("data-step") == stopped
    player.focus()
    page.keyboard.press("Space")
    at(player, 15)  # it plays to the end and stops there
    expect(player.get_by_role("button", name="Play")).to_be_visible()


def test_keys_work_before_anything_has_the_focus(page, player):
    page.keyboard.press("ArrowRight")
    at(player, 1)


def test_while_it_plays_the_words_follow_but_are_not_read_aloud(page, player):
    player.get_by_label("Speed").select_option("16")
    player.get_by_role("button", name="Play").click()
    expect(player.locator(".words")).to_have_attribute("aria-live", "off")
    page.wait_for_function("player => player.dataset.step > 4", arg=player.element_handle())
    shown = player.evaluate("p => [p.querySelector('.words').textContent, p.querySelector('.total').textContent]")
    assert shown[1].split("→")[1].strip() in shown[0]


def test_a_click_on_an_output_cell_goes_to_its_step(player):
    canvas = player.locator('figure[data-grid="out"] canvas')
    box = canvas.bounding_box()
    canvas.click(position={"x": box["width"] * 0.9, "y": box["height"] * 0.1})
    at(player, 3)


def test_the_step_is_told_in_words(player):
    player.locator(".first").click()
    words = player.locator(".words")
    expect(words).to_have_attribute("aria-live", "polite")
    expect(words).to_contain_text("Step 1 of 16: the window with its corner at row 0, column 0 gives out[0, 0]")


def test_the_step_outlives_another_kernel(page, player):
    player.locator(".last").click()
    bias = page.get_by_role("spinbutton", name="bias")
    bias.fill("2.5")
    bias.press("Enter")
    expect(player.locator(".total")).to_contain_text("bias 2.5")
    at(player, 15)


def test_reduced_motion_moves_the_window_at_once(new_page, address):
    page = new_page(reduced_motion="reduce")
    open_page(page, address + "/convolution")
    duration = page.locator(".player .frame").first.evaluate("frame => getComputedStyle(frame).transitionDuration")
    assert duration == "0s"


def test_written_terms_add_up_to_what_is_shown(page, address):
    """Random settings, random steps: products are products, and their sum plus the bias is the result, to the digit."""
    rng = random.Random(0)
    for _ in range(8):
        query = {
            "input": rng.choice(["lake", "digit", "shuffled numbers", "circle"]),
            "input_size": rng.randint(5, 9),
            "kernel": rng.choice(["blur", "Sobel x", "random", "emboss", "sharpen"]),
            "kernel_size": rng.randint(2, 4),
            "stride": rng.randint(1, 3),
            "padding": rng.randint(0, 2),
            "bias": rng.choice([0.0, -1.25, 0.3]),
        }
        open_page(page, address + "/convolution?" + "&".join(f"{k}={v}" for k, v in query.items()))
        player = page.locator(".player")
        expect(player).to_have_attribute("data-step", re.compile(r"\d+"))
        for _ in range(6):
            step = rng.randrange(int(player.get_attribute("data-count")))
            player.locator(".scrub").fill(str(step))
            at(player, step)
            total = Decimal(0)
            for text in player.locator(".term").all_inner_texts():
                left, right, product = numbers(text)
                assert left * right == product, (query, step, text)
                total += product
            count, shown_sum, bias, result = numbers(player.locator(".total").inner_text().split("→")[0])
            assert count == query["kernel_size"] ** 2
            assert shown_sum == total, (query, step)
            assert bias == Decimal(str(query["bias"]))
            assert result == total + bias, (query, step)


@pytest.mark.parametrize("layer", ["convolution", "max pooling", "average pooling"])
@pytest.mark.parametrize("stride", [1, 2])
def test_the_backward_walk_ends_in_the_cores_gradients(page, address, layer, stride):
    open_page(page, f"{address}/gradient-flow?layer={layer}&stride={stride}&padding=1")
    player = page.locator(".player")
    player.locator(".last").click()
    sums_equal = """player => { const { sums, grids } = player.player.trace;
        return Object.entries(sums).map(([name, sum]) => [name, sum.every((v, i) => v === grids[name].counts[i])]) }"""
    expected = ["dx", "dweight", "dbias"] if layer == "convolution" else ["dx"]
    assert player.evaluate(sums_equal) == [[name, True] for name in expected]
    player.locator(".first").click()
    assert not all(equal for _, equal in player.evaluate(sums_equal))
    player.locator(".scrub").fill(player.get_attribute("data-count"))
    assert all(equal for _, equal in player.evaluate(sums_equal))
    settle(page)
