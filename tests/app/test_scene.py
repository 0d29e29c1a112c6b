"""The picture of a step: its numbers are the walk's, what it says adds up, and what is not made yet is not shown."""

import re
import xml.etree.ElementTree as ET
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import numpy as np
import pytest
from PIL import ImageFont

from cnn_core.walks import trace
from cnn_core.window import Window
from pages.figures import scene_image
from pages.figures.scene import Reached, frame, frames
from pages.figures.scene_image import to_image
from pages.figures.scene_items import Hatch, Picture, Rect, Text, text_width
from pages.figures.scene_layout import LINED, NUMBERS, WIDTH, arrange
from pages.figures.scene_plane import HERE
from pages.figures.scene_svg import to_svg
from pages.figures.scene_words import bracket, say, write
from tests.app.walks import TITLES, WALKS, large

SVG = "{http://www.w3.org/2000/svg}"
EACH = pytest.mark.parametrize("name", WALKS)


def steps_of(walk):
    """The first and last of each phase, and some between."""
    return sorted({0, 1, walk.phases[0].steps - 1, walk.phases[0].steps % walk.steps, walk.steps // 3, walk.steps - 1})


def value(text):
    return Fraction(text.replace("−", "-"))


def drawn(place, scene):
    """The texts in a plane's cells, by (row, column), read from the SVG."""
    found = {}
    for text in ET.fromstring(to_svg(scene)).iter(f"{SVG}text"):
        if text.get("text-anchor") == "middle":
            x, y = float(text.get("x")) - place.x, float(text.get("y")) - 0.36 * float(text.get("font-size")) - place.y
            if 0 <= x < place.columns * place.cell and 0 <= y < place.rows * place.cell:
                found[int(y // place.cell), int(x // place.cell)] = text.text
    return found


def expected(walk, name, step):
    """What a grid holds after a step, NaN where nothing has been written; from the steps alone."""
    made = walk.replay(until=step + 1)
    counts = np.array(made.get(name, walk.grids[name].counts))
    begun = 0
    for phase in walk.phases:
        done = max(0, step + 1 - begun)
        for action in phase.actions:
            if action.do in ("dot", "mean", "max", "matmul") and name in (
                action.into,
                {"product": "out"}.get(action.into),
            ):
                counts.reshape(-1)[done:] = np.nan
            elif action.do == "copy" and name == action.into:
                counts[0, :, done:] = np.nan
        begun += phase.steps
    return counts


@EACH
def test_the_cells_hold_the_walks_numbers_and_nothing_from_steps_to_come(name):
    walk = WALKS[name]
    for step in steps_of(walk):
        scene, layout = frame(walk, step, TITLES), arrange(walk, TITLES)
        seen = set()
        for place in layout.places:
            assert place.cell >= NUMBERS
            assert not place.close
            counts, scale = expected(walk, place.name, step)[place.number], walk.grids[place.name].scale
            texts = drawn(place, scene)
            for cell, count in np.ndenumerate(counts):
                text = texts.pop(cell, None)
                if np.isnan(count):
                    assert text is None, (place.name, cell)
                elif walk.winner is not None and place.name == "x" and walk.blank[cell]:
                    assert text == "−∞"
                elif text == "≈0":
                    assert 0 < abs(count / scale) < 0.5
                else:
                    error = abs(value(text) - Fraction(int(count), scale))
                    assert error <= Fraction(1, 2 * 10 ** len(text.partition(".")[2])), (place.name, cell, text)
                    if len(write(count, scale)) <= 4:  # short enough for every cell
                        assert text == write(count, scale)
            assert texts == {}
            seen.add((place.name, place.number))
        used = {n for p in walk.phases for a in p.actions for n in (a.into, a.field, a.point, a.weight, a.bias) if n}
        used |= {"weight", "out"} if walk.operation == "im2col" else set()
        assert seen == {(grid, plane) for grid in used for plane in range(len(walk.grids[grid].counts))}


def evaluate(text):
    """A sum or product as the words write it, exactly."""
    text = text.replace("−", "-").replace("·", "*").replace("÷", "/")
    return eval(re.sub(r"\d+(\.\d+)?", lambda number: f"Fraction('{number[0]}')", text), {"Fraction": Fraction})


def check_equation(text):
    """`name = terms = result`, or ≈ for a rounded result; returns the result."""
    head, *sides = re.split(r" ([=≈]) ", re.sub(r"\+ bias ", "+ ", text))
    assert head
    signs, values = sides[::2], [evaluate(side) for side in sides[1::2]]
    for sign, left, right in zip(signs[1:], values, values[1:], strict=False):
        assert left == right if sign == "=" else 0 < abs(left - right) <= Fraction(1, 2000)
    return values[-1]


@EACH
def test_what_is_said_adds_up_and_agrees_with_the_cells(name):
    walk = WALKS[name]
    progress, checked = Reached(walk), set()
    for step in range(walk.steps):
        made = progress.to(step)
        phase, local = walk.locate(step)
        channel, position = divmod(local, len(walk.origin))
        start = f"step {step + 1} of {walk.steps}, {phase.name}: "
        sayings = [text.removeprefix(start) for text in say(walk, step, made)]
        assert all(start + said == text for said, text in zip(sayings, say(walk, step, made), strict=True))
        for full, said in zip((True, False), sayings, strict=True):
            parts = said.split("; ")
            actions = {action.do: action for action in phase.actions}
            if set(actions) & {"outer", "spread", "route", "sum"}:
                given, number = parts.pop(0).split(" = ")
                point = walk.grids[given.split("[")[0]]
                assert value(number) == Fraction(int(point.counts.ravel()[local]), point.scale)
            for part, action in zip(parts, phase.actions, strict=True):
                into, scale = made[action.into], walk.grids[action.into].scale
                exact = Fraction(int(into.ravel()[local]), scale) if into.size > local else None
                checked.add(action.do)
                if action.do in ("dot", "matmul", "mean"):
                    if not full:  # "sum of 9 products = 3, + bias 1 = 4" and "sum of 9 numbers = 3, ÷ 9 ≈ 0.333"
                        part = re.sub(r" = sum of \d+ (products|numbers)", "", part).replace(", ", " ")
                    result = check_equation(part)
                    assert abs(result - exact) <= (0 if "≈" not in part else Fraction(1, 2000))
                elif action.do == "max":
                    result = value(part.split(" = ")[-1])
                    assert result == exact
                    if full:
                        listed = part.split("largest of ")[1].split(" = ")[0].split(", ")
                        assert max(value(text) for text in listed if text != "−∞") == result
                elif action.do == "sum":
                    added, now = re.fullmatch(r"\w+(?:\[\d\])? \+= (\S+), now (\S+)", part).groups()
                    assert value(now) == Fraction(int(into[channel, 0, 0]), scale)
                    assert value(added) == value(number)
                elif action.do == "route":
                    now = re.fullmatch(rf"dx of the window's largest \+?= {number}, now (\S+)", part)[1]
                    cell = walk.origin[position] + walk.taps[walk.winner[local]]
                    assert value(now) == Fraction(int(into[channel].ravel()[cell]), scale)
                elif action.do == "spread" and not action.weight:
                    check_equation(re.sub(r"each of the window's dx \+?= ", "share = ", part))
                elif action.do == "copy":
                    assert part.startswith(
                        f"columns[:, {local}] = the 12 numbers of the window at row {local // 3}, column"
                    )
                else:
                    assert bracket(number) in part
    assert checked == {action.do for phase in walk.phases for action in phase.actions}


@EACH
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_scene_is_proper_svg_and_an_image_of_its_size(name, theme):
    walk = WALKS[name]
    for scene in frames(walk, steps_of(walk), TITLES, theme):
        svg = ET.fromstring(to_svg(scene))
        assert scene.width == 960
        assert svg.get("viewBox") == f"0 0 {scene.width} {scene.height}"
        assert svg.find(f"{SVG}title").text == scene.title
        assert scene.title in [text.text for text in svg.iter(f"{SVG}text")]
        for item in scene.items:
            if isinstance(item, Text):
                assert item.x + (text_width(item.text, item.size) if item.anchor == "start" else 0) <= WIDTH
                assert 0 < item.y < scene.height
            elif isinstance(item, Rect):
                assert 0 <= item.x <= item.x + item.width <= WIDTH
                assert 0 <= item.y <= item.y + item.height <= scene.height
        image = to_image(scene)
        assert (image.mode, image.size) == ("RGB", (2 * scene.width, 2 * scene.height))
        assert to_image(scene, 1).size == (scene.width, scene.height)


@EACH
def test_frames_in_turn_are_the_frames_one_by_one(name):
    walk, steps = WALKS[name], steps_of(WALKS[name])
    in_turn = list(frames(walk, steps, TITLES))
    assert in_turn == [frame(walk, step, TITLES) for step in steps]
    assert len({(scene.width, scene.height) for scene in in_turn}) == 1


@EACH
def test_progress_agrees_with_a_replay_forward_and_back(name):
    walk, progress = WALKS[name], Reached(WALKS[name])
    for step in [2, 3, walk.steps - 1, walk.steps - 1, 0, walk.steps // 2]:
        made = progress.to(step)
        for grid, counts in walk.replay(until=step + 1).items():
            np.testing.assert_array_equal(made[grid], counts, err_msg=grid)


def boxes(scene, place):
    """The frames on a plane, in cells: (top, left, rows, columns)."""
    found = []
    for item in scene.items:
        if isinstance(item, Rect) and item.line == HERE:
            middle = item.thickness / 2
            top, left = (item.y + middle - place.y) / place.cell, (item.x + middle - place.x) / place.cell
            rows, columns = ((side - 2 * middle) / place.cell for side in (item.height, item.width))
            if -0.5 < top < place.rows and -0.5 < left < place.columns:
                found.append(tuple(round(n) for n in (top, left, rows, columns)))
    return found


def places(walk, name):
    return [place for place in arrange(walk, TITLES).places if place.name == name]


def test_window_kernel_bias_and_output_cell_are_framed():
    walk = WALKS["course"]
    scene = frame(walk, 13, TITLES)  # filter 1, position (1, 1)
    assert [boxes(scene, place) for place in places(walk, "x")] == [[(2, 2, 3, 3)]] * 3
    assert [boxes(scene, place) for place in places(walk, "weight")] == [[]] * 3 + [[(0, 0, 3, 3)]] * 3
    assert [boxes(scene, place) for place in places(walk, "bias")] == [[], [(0, 0, 1, 1)]]
    assert [boxes(scene, place) for place in places(walk, "out")] == [[], [(1, 1, 1, 1)]]
    assert not any(boxes(scene, place) for name in ("dx", "dweight", "dbias", "dout") for place in places(walk, name))
    scene = frame(walk, 18 + 13, TITLES)
    assert [boxes(scene, place) for place in places(walk, "dx")] == [[(2, 2, 3, 3)]] * 3
    assert [boxes(scene, place) for place in places(walk, "dout")] == [[], [(1, 1, 1, 1)]]
    assert not any(boxes(scene, place) for name in ("bias", "out") for place in places(walk, name))


def test_a_window_with_gaps_has_a_frame_around_each_of_its_cells():
    walk = WALKS["dilation"]
    (place,) = places(walk, "x")
    found = boxes(frame(walk, 1, TITLES), place)
    assert sorted(found) == sorted([(0, 1, 5, 5), *((row, column, 1, 1) for row in (0, 2, 4) for column in (1, 3, 5))])


def test_a_group_sees_its_own_channels():
    walk = WALKS["groups"]
    last = frame(walk, 7, TITLES)
    assert [bool(boxes(last, place)) for place in places(walk, "x")] == [False, False, True, True]


def test_a_step_of_im2col_copies_a_column_and_one_of_the_product_takes_row_and_column():
    walk = WALKS["im2col"]
    copied = frame(walk, 2, TITLES)
    assert [boxes(copied, place) for place in places(walk, "x")] == [[(0, 2, 3, 2)]] * 2
    assert boxes(copied, places(walk, "columns")[0]) == [(0, 2, 12, 1)]
    assert not boxes(copied, places(walk, "rows")[0])
    multiplied = frame(walk, 12 + 12 + 2, TITLES)
    assert boxes(multiplied, places(walk, "columns")[0]) == [(0, 2, 12, 1)]
    assert boxes(multiplied, places(walk, "rows")[0]) == [(1, 0, 1, 12)]
    assert boxes(multiplied, places(walk, "product")[0]) == [(1, 2, 1, 1)]


def test_a_number_too_long_for_its_cell_leaves_a_sign():
    x = np.zeros((1, 20, 20))
    x[0, 0, :3] = 123_456, -0.0004, 7
    walk = trace.trace_max_pool2d(x, Window.of(2, 2))
    (place,) = places(walk, "x")
    written = drawn(place, frame(walk, 0, TITLES))
    assert [written[0, column] for column in range(4)] == ["…", "≈0", "7", "0"]


def hatched(scene, place, *, rising):
    """The hatched cells of a plane; no cell may be hatched twice."""
    covered = np.zeros((place.rows, place.columns), dtype=bool)
    for item in scene.items:
        if isinstance(item, Hatch) and item.rising == rising:
            sides = (item.y - place.y, item.x - place.x, item.height, item.width)
            top, left, rows, columns = (round(side / place.cell) for side in sides)
            if 0 <= top < place.rows and 0 <= left < place.columns:
                assert not covered[top : top + rows, left : left + columns].any()
                covered[top : top + rows, left : left + columns] = True
    return covered


@pytest.mark.parametrize("name", ["padded", "course", "groups"])
def test_padding_is_hatched_rising_and_what_no_window_reaches_falling(name):
    walk = WALKS[name]
    scene, unseen = frame(walk, 0, TITLES), walk.window.coverage(walk.input_size) == 0
    for place in places(walk, "x"):
        np.testing.assert_array_equal(hatched(scene, place, rising=True), walk.blank)
        np.testing.assert_array_equal(hatched(scene, place, rising=False), unseen)
    (place, *_) = places(walk, "out")
    assert not hatched(scene, place, rising=True).any()


def test_what_no_window_reaches_is_hatched():
    walk = trace.trace_avg_pool2d(np.ones((1, 5, 5)), Window.of(2, 3))
    (place,) = places(walk, "x")
    found = hatched(frame(walk, 0, {}), place, rising=False)
    np.testing.assert_array_equal(found, walk.window.coverage((5, 5)) == 0)
    assert found.sum() == 9


def test_colours_are_grey_for_images_and_blue_or_orange_for_signed_numbers():
    for name, grid, sign, channel in [("conv2d", "x", 1, 0), ("conv2d", "x", -1, 2)]:
        walk = WALKS[name]
        (place,) = places(walk, grid)
        row, column = np.argwhere(np.sign(walk.grids[grid].counts[0]) == sign)[0].tolist()
        at = 2 * (place.x + column * place.cell) + 4, 2 * (place.y + row * place.cell) + 4
        pixel = to_image(frame(walk, walk.steps - 1, TITLES)).getpixel(at)
        assert np.argmax(pixel) == channel
    walk = WALKS["im2col"]
    place = places(walk, "x")[0]
    brightest = np.unravel_index(walk.grids["x"].counts[0].argmax(), walk.blank.shape)
    red, green, blue = to_image(frame(walk, 0, TITLES)).getpixel(
        (2 * (place.x + int(brightest[1]) * place.cell) + 4, 2 * (place.y + int(brightest[0]) * place.cell) + 4)
    )
    assert red == green == blue
    assert red > 200


def test_a_large_input_is_a_picture_with_a_close_up_of_the_numbers():
    walk = large()
    step = 3 * 1024 + 5 * 32 + 7
    scene, layout = frame(walk, step, TITLES), arrange(walk, TITLES)
    assert {place.name for place in layout.places if not place.close} == {"x", "weight", "bias", "out"}
    whole = [place for place in layout.places if place.name == "x" and not place.close]
    assert all(place.cell < LINED for place in whole)
    pictures = [item for item in scene.items if isinstance(item, Picture)]
    assert [item.pixels.shape for item in pictures].count((34, 34, 3)) == 3
    close = {(place.name, place.number): drawn(place, scene) for place in layout.places if place.close}
    x, out = walk.grids["x"], walk.grids["out"]
    for plane in range(3):  # rows 4 to 8 and columns 6 to 10 of the padded input, one cell around the window at (5, 7)
        for (row, column), text in close["x", plane].items():
            assert value(text) == Fraction(int(x.counts[plane, 4 + row, 6 + column]), x.scale)
        assert len(close["x", plane]) == 25
    assert len(close["out", 0]) == 5  # a row, and two of the next
    assert abs(value(close["out", 0][1, 1]) - Fraction(int(out.counts[3, 5, 7]), out.scale)) <= Fraction(1, 2)
    written = [item.text for item in scene.items if isinstance(item, Text)]
    assert {"x[0, 4:9, 6:11]", "weight[3, 2]", "bias[3]", "out[3, 4:7, 6:9]"} <= set(written)


def test_close_ups_stay_inside_at_the_edges_and_scenes_keep_their_size():
    walk = large()
    corners = [0, 31, 1023, 8 * 1024 - 1]
    scenes = list(frames(walk, corners, TITLES))
    assert len({scene.height for scene in scenes}) == 1
    captions = [[item.text for item in scene.items if isinstance(item, Text)] for scene in scenes]
    assert "x[0, 0:5, 0:5]" in captions[0]
    assert "x[0, 0:5, 29:34]" in captions[1]
    assert "out[7, 29:32, 29:32]" in captions[3]


def test_hostile_titles_stay_text():
    nasty = "</text><script>alert(1)</script> & \"'\x00\x1b￾"
    scene = frame(WALKS["conv2d"], 0, {"x": nasty, "out": "]]>"})
    svg = ET.fromstring(to_svg(scene))
    assert {element.tag for element in svg.iter()} <= {
        f"{SVG}{tag}" for tag in ("svg", "title", "defs", "pattern", "path", "rect", "text", "image")
    }
    written = "".join((text.text or "").replace(" ", "") for text in svg.iter(f"{SVG}text"))  # on however many lines
    assert "<script>alert(1)</script>&" in written
    assert "]]>" in written
    to_image(scene)


def test_the_type_of_the_images_has_every_sign():
    font = ImageFont.load_default(20)
    missing = bytes(font.getmask("\U0010ffff"))
    signs = set()
    for walk in [*WALKS.values(), large()]:
        for scene in frames(walk, steps_of(walk), TITLES):
            signs |= {sign for item in scene.items if isinstance(item, Text) for sign in item.text}
    assert "−" in signs
    assert "≈" in signs
    for sign in "".join(signs).translate(scene_image.MISSING):
        assert sign == " " or bytes(font.getmask(sign)) != missing, sign


def test_numbers_are_rounded_once_and_from_the_exact_count():
    rng = np.random.default_rng(0)
    for scale in (1, 10, 1000, 10**8, 4, 9, 90):
        for count in [0, 1, -1, 5, -5, 2**53 - 1, *rng.integers(-(10**12), 10**12, 50).tolist()]:
            for places in (0, 1, 3, 8):
                text = write(count, scale, places).replace("−", "-")
                exact = Fraction(abs(count), scale) * 10**places
                nearest = (exact + Fraction(1, 2)).__floor__()
                assert Fraction(text) * 10**places == (nearest if count > 0 else -nearest)
                assert text == "0" or not (text.endswith(".") or ("." in text and text.endswith("0")))
    assert write(2**53 - 1, 1000) == "9007199254740.991"
    assert write(-1, 9) == "−0.111"
    assert write(-1, 1000, 2) == "0"
    assert Decimal("0.125").quantize(Decimal("0.01"), ROUND_HALF_UP) == Decimal(write(125, 1000, 2))


@pytest.mark.parametrize(("step", "words"), [(-1, "0 or more"), (10**6, "from 0 to")])
def test_a_step_outside_the_walk_is_refused(step, words):
    with pytest.raises(ValueError, match=rf"step \(={step}\) must be {words}"):
        frame(WALKS["conv2d"], step, TITLES)
