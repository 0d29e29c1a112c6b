"""dx in three ways in a real browser: the three sums are read off the page, added up, and compared with the layer."""

import re
from decimal import Decimal
from math import prod

import numpy as np
import pytest
from playwright.sync_api import expect

from cnn_core.conv_transpose import conv_transpose2d_forward_naive
from cnn_core.window import Window
from tests.browser.standing import show_page
from tests.browser.walking import numbers
from tests.waiting import until
from tools.browser import open_page

WAYS = ("spread", "convolved", "multiplied")
# (address, window, output padding, cells of dx to look at, does it have a matrix that is drawn)
CASES = [
    ("", Window.of(3, 2), 0, [(0, 2, 2), (0, 0, 6), (0, 3, 3)], True),
    ("&stride=4&kernel_size=2&output_padding=1", Window.of(2, 4), 1, [(0, 1, 4), (0, 2, 0), (0, 10, 10)], True),
    ("&padding=3&kernel_size=2&input_size=9", Window.of(2, 2, 3), 0, [(0, 0, 0), (0, 11, 11)], False),
    (
        "&per_axis=true&kernel_size_height=1&kernel_size_width=4&stride_height=1&stride_width=2&padding_height=0"
        "&padding_width=2&dilation_height=1&dilation_width=2&channels=3&filters=2",
        Window.of((1, 4), (1, 2), (0, 2), (1, 2)),
        0,
        [(1, 2, 4), (0, 0, 0)],
        True,
    ),
    ("&input=cat&input_size=6&kernel=blur&kernel_size=5&stride=1", Window.of(5), 0, [(0, 5, 5), (0, 0, 9)], True),
]
PLACE = """(canvas, [row, column]) => { const { ways } = canvas.getRootNode().querySelector(".ways");
    const { cell } = ways.pictures.planes.find(({ plane }) => plane.canvas === canvas).plane;
    return { x: (column + 0.5) * cell, y: (row + 0.5) * cell } }"""
NUMBERS = """(el, name) => { const { counts, scale } = el.ways.gradient.grids[name];
    return [[...counts], scale] }"""
# On which pictures something is outlined, by what they show.
OUTLINED = """el => el.ways.pictures.planes.filter(({ plane: { over } }) => over.width
    && over.getContext("2d").getImageData(0, 0, over.width, over.height).data.some((v) => v)).map(({ kind }) => kind)"""


def canvas(root, kind, number=0):
    return root.locator(f'figure[data-kind="{kind}"] canvas:not(.linked)').nth(number)


def choose(root, cell):
    """Click a number of dx."""
    plane, wanted = canvas(root, "dx", cell[0]), ",".join(map(str, cell))

    def chosen():  # the pictures may find another size between the question where it is and the click
        plane.click(position=plane.evaluate(PLACE, list(cell[1:])))
        return root.get_attribute("data-cell") == wanted

    until(chosen)


def sums(root):
    """Of each way: its products as pairs of numbers, and the result that is written."""
    found = []
    for way in WAYS:
        terms = [numbers(text) for text in root.locator(f'[data-way="{way}"] .term').all_inner_texts()]
        (result,) = numbers(root.locator(f'[data-way="{way}"] .result').inner_text())
        found.append((terms, result))
    return found


def layers_output(root, window, output_padding):
    """What the layer makes of the numbers that the page shows."""
    (dout, per_dout), (weight, per_weight) = (root.evaluate(NUMBERS, name) for name in ("dout", "weight"))
    channels, rows, columns = root.evaluate(
        "el => { const { channels, rows, columns } = el.ways.gradient.grids.dout; return [channels, rows, columns] }"
    )
    x = np.array(dout).reshape(1, channels, rows, columns) / per_dout
    kernels = np.array(weight).reshape(channels, -1, *window.kernel_size) / per_weight
    options = {"stride": window.stride, "padding": window.padding, "dilation": window.dilation}
    out, _ = conv_transpose2d_forward_naive(x, kernels, output_padding=output_padding, **options)
    return out[0]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0] or "as it opens")
def test_the_three_sums_add_up_to_the_same_number_of_the_layer(standing, address, case):
    query, window, output_padding, cells, drawn = case
    standing.set_viewport_size({"width": 1280, "height": 800})
    show_page(standing, f"{address}/transposed?view=ways{query}")
    root = standing.locator(".ways")
    expect(root).to_have_attribute("data-cell", re.compile(r"\d+,\d+,\d+"))
    out = layers_output(root, window, output_padding)
    assert canvas(root, "matrix").count() == int(drawn)
    for cell in cells:
        choose(root, cell)
        first, *others = sums(root)
        assert others == [first, first]  # the same products in the same order, and the same result
        terms, result = first
        assert all(len(term) == 2 for term in terms)
        assert sum(map(prod, terms), Decimal(0)) == result
        assert float(result) == pytest.approx(out[cell], abs=1e-9)
        said = root.locator(".chosen")
        if not terms:
            expect(said).to_contain_text("= 0: no window reads it.")
        for products in root.locator(".products").all_inner_texts():
            assert numbers(products) == [prod(term) for term in terms]
    for result in root.locator(".result").all():  # in view together with what was chosen, without scrolling
        assert result.bounding_box()["y"] + result.bounding_box()["height"] <= 800
    assert canvas(root, "dx").bounding_box()["y"] > 0
    expect(standing).to_have_url(
        re.compile(f"cell={'%2C'.join(map(str, cells[-1]))}|cell={','.join(map(str, cells[-1]))}")
    )


def test_one_number_is_followed_by_keyboard_pointer_and_matrix(page, address):
    page.set_viewport_size({"width": 1280, "height": 800})
    open_page(page, address + "/transposed?view=ways&cell=0%2C2%2C2")
    root = page.locator(".ways")
    expect(root).to_have_attribute("data-cell", "0,2,2")
    assert sorted(root.evaluate(OUTLINED)) == sorted(["dout", "weight", "flipped", "plane", "matrix", "row", "vector"])
    # One product: by the buttons, in all three ways at once.
    ahead = root.get_by_role("button", name="Next product")
    ahead.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(root.locator(".stepper")).to_contain_text("product 2 of 4")
    expect(root.locator(".term.active")).to_have_count(3)
    assert set(root.locator(".term.active").evaluate_all("all => all.map((t) => t.dataset.term)")) == {"1"}
    said = root.locator(".said")
    expect(said.nth(0)).to_have_text(re.compile(r"^dout\[0, 1\] × weight\[2, 0\] = "))
    expect(said.nth(1)).to_have_text(re.compile(r"^apart\[2, 4\] × flipped\[0, 2\] = "))
    expect(said.nth(2)).to_have_text(re.compile(r"^dout\[1\] of the column × Wᵀ\[16, 1\] = "))
    products = [text.split(" = ", 1)[1] for text in said.all_inner_texts()]
    assert products == products[:1] * 3
    left, right, product = numbers(products[0])
    assert left * right == product == numbers(root.locator(".products").first.inner_text())[1]
    # The pointer on another one takes its place while it is there.
    root.locator('[data-way="multiplied"] .term').nth(3).hover()
    expect(said.nth(0)).to_have_text(re.compile(r"^dout\[1, 1\] × weight\[0, 0\] = "))
    page.mouse.move(5, 5)
    expect(said.nth(0)).to_have_text(re.compile(r"^dout\[0, 1\]"))
    # Another number by the arrow keys, which end at the border; then by a row of the matrix.
    canvas(root, "dx").focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    expect(root).to_have_attribute("data-cell", "0,3,4")
    expect(root.locator(".stepper")).to_contain_text("all 2 products")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    expect(root).to_have_attribute("data-cell", "0,3,6")
    expect(page).to_have_url(re.compile("cell=0(%2C|,)3(%2C|,)6"))
    matrix = canvas(root, "matrix")
    matrix.click(position=matrix.evaluate(PLACE, [9, 3]))
    expect(root).to_have_attribute("data-cell", "0,1,2")
    expect(page).to_have_url(re.compile("cell=0(%2C|,)1(%2C|,)2"))
    page.reload()
    expect(root).to_have_attribute("data-cell", "0,1,2")
    # On a phone one below the other, each with its sum, and nothing wider than the screen.
    page.set_viewport_size({"width": 390, "height": 844})
    expect(root).to_have_class(re.compile("narrow"))
    tops = [
        root.locator(f'[data-way="{way}"] {part}').bounding_box()["y"] for way in WAYS for part in (".pictures", ".sum")
    ]
    assert tops == sorted(tops)
    for figure in root.locator("figure").all():
        assert figure.bounding_box()["x"] + figure.bounding_box()["width"] <= 390
