"""What is written adds up, to the digit: at 200 random steps of random settings, and at the end of every backward pass."""

import random
from decimal import Decimal

import numpy as np
import pytest

from cnn_core.conv import conv2d_backward
from cnn_core.pool import avg_pool2d_backward, avg_pool2d_forward, max_pool2d_backward, max_pool2d_forward
from cnn_core.walks.rounding import equals, write
from tests.browser.walking import count, numbers, open_walk

KERNELS = ["blur", "Sobel x", "random", "emboss", "sharpen", "whole numbers"]


def settings(rng, page, number):
    common = {
        "input_size": rng.randint(5, 8),
        "stride": rng.randint(1, 3),
        "padding": rng.randint(0, 1),
        "stages": "false",
    }
    common |= {
        "input": rng.choice(["digit", "shuffled numbers", "few numbers", "circle"]),
        "channels": rng.randint(1, 3),
    }
    if page == "pooling":
        return common | {"pooling": rng.choice(["max", "average"]), "kernel_size": rng.randint(2, 3), "dout": "random"}
    common |= {"kernel": rng.choice(KERNELS), "kernel_size": rng.randint(2, 3), "filters": rng.randint(1, 2)}
    if page == "transposed":
        return common | {"view": ["spread", "gather"][number % 2]}
    common |= {"bias": rng.choice(["0", "-1.25", "0.3"])}
    return common | (
        {} if page == "im2col" else {"dilation": rng.randint(1, 2), "dout": rng.choice(["random", "ones"])}
    )


# All that these steps show and are, in one question: a hundred small ones took most of the time.
READ = """(el, steps) => steps.map((step) => { el.player.go(step);
  const { walk, at } = el.player; const action = at.phase.actions[0]; const grid = walk.grids[action.into];
  const all = (list, from = el) => [...from.querySelectorAll(list)].map((part) => part.innerText);
  return { does: action.do, value: grid.counts[at.local], scale: grid.scale, weighted: !!action.weight,
    total: el.querySelector(".total").innerText, terms: all(".term"), parts: all(".part"),
    blocks: [...el.querySelectorAll(".terms section")].map((block) =>
      [block.querySelector("h5").innerText, all(".term", block)]) } })"""


def check_products(blocks):
    """Each term is the product of its two factors; returns the sum of each block."""
    sums, common = [], []
    for title, terms in blocks:
        total = Decimal(0)
        common = (
            numbers(title.split(",")[1]) if "…" in title else common if not title else []
        )  # of all terms, told once
        for text in terms:
            left, right, product = [*common, *numbers(text)]
            assert left * right == product, text
            total += product
        sums.append(total)
    return sums


def check_step(at):
    """The sum on screen adds up to what is shown beside it, and to the cell that it is written to."""
    total = at["total"]
    value = Decimal(at["value"] or 0) / Decimal(at["scale"]) if at["value"] is not None else None
    terms = [numbers(text)[-1] for text in at["terms"] if numbers(text)]
    if at["does"] in ("dot", "matmul"):
        sums = check_products(at["blocks"])
        shown = numbers(total.split("→")[0])
        if len(sums) > 1:
            assert [numbers(text)[0] for text in at["parts"]] == sums
            assert shown[1 : 1 + len(sums)] == sums
        assert sum(sums) in shown
        assert shown[-1] == value
        bias = shown[-2] if "bias" in total else 0
        assert sum(sums) + bias == value, total
    elif at["does"] == "outer" or at["weighted"]:
        check_products(at["blocks"])
    elif at["does"] == "max":
        assert max(terms) == value == numbers(total.split("→")[0])[1]
    elif at["does"] == "mean":
        assert numbers(total)[0] == sum(terms)
        mean = sum(terms) / len(terms)
        shown = numbers(total.split("→")[0])[-1]
        exact = "=" in total.split("÷")[1].split("→")[0]
        assert shown == mean if exact else 0 < abs(shown - mean) <= Decimal("0.0005")
    elif at["does"] == "route":
        assert sum(terms) == numbers(total)[2 if len(numbers(total.split("=")[0])) < 3 else 3]
    return at["does"]


@pytest.mark.parametrize(("path", "pages"), [("convolution", 10), ("pooling", 8), ("transposed", 4), ("im2col", 3)])
def test_what_is_written_adds_up_at_random_steps(standing, address, path, pages):
    rng = random.Random(path)
    seen = set()
    for number in range(pages):
        query = "&".join(f"{k}={v}" for k, v in settings(rng, path, number).items())
        player = open_walk(standing, f"{address}/{path}?{query}")
        seen |= set(map(check_step, player.evaluate(READ, [rng.randrange(count(player)) for _ in range(8)])))
    expected = {
        "convolution": {"dot", "outer"},
        "pooling": {"max", "mean", "route", "spread"},
        "transposed": {"spread", "outer", "dot"},
        "im2col": {"copy", "matmul"},
    }
    assert seen == expected[path]  # the draw met every kind of step


@pytest.mark.parametrize("picture", ["cat&input_size=32&channels=3", "shuffled+numbers&input_size=9"])
def test_shares_of_a_gradient_are_written_as_in_the_exports(standing, address, picture):
    sides = "per_axis=true&kernel_size_height=2&kernel_size_width=3&stride_height=2&stride_width=3"
    player = open_walk(
        standing, f"{address}/pooling?pooling=average&{sides}&input={picture}&dout=from_loss&stages=false"
    )
    counts, scale, said = player.evaluate(
        """el => { const { player } = el; const { dout, dx } = player.walk.grids; const { first } = player.walk.phases[1];
          const said = Array.from(dout.counts, (_, local) => {
            player.go(first + local);
            return el.querySelector(".words").textContent;
          });
          return [[...dout.counts], [dout.scale, dx.scale], said] }"""
    )
    assert scale[1] == 6 * scale[0]
    for g_count, text in zip(counts, said, strict=True):
        g, share = (write(g_count, one) for one in scale)
        assert f"= {g}. Each of the window's 6 cells gets {g} divided by 6 {equals(g_count, scale[1])} {share}." in text


@pytest.mark.parametrize("upstream", ["random", "from a loss", "one cell"])
@pytest.mark.parametrize(
    "query",
    [
        "convolution?preset=course_demo",
        "convolution?preset=depthwise",
        "convolution?input=digit&channels=4&filters=4&groups=2&kernel_size=2&stride=2&padding=1&dilation=2",
        "pooling?preset=overlapping_stride_2&padding=1",
        "pooling?preset=average&kernel_size=3&stride=1&channels=2",
    ],
)
def test_the_backward_walk_ends_in_the_cores_gradients(standing, address, query, upstream):
    player = open_walk(standing, f"{address}/{query}&dout={upstream}&stages=false")
    player.locator(".last").click()
    walk = player.evaluate("""el => { const { walk } = el.player; return { operation: walk.operation, size: walk.kernel_size,
      winner: walk.winner && [...walk.winner], groups: walk.grids.x.channels / walk.channels_in,
      origin: [...walk.origin], taps: [...walk.taps], blank: [...walk.blank],
      grids: Object.fromEntries(Object.entries(walk.grids).map(
        ([name, grid]) => [name, { counts: [...grid.counts], shape: grid.shape }])) } }""")
    grids = {
        name: np.array(grid["counts"]).reshape(grid["shape"]).astype(float) for name, grid in walk["grids"].items()
    }
    stride, dilation = geometry(walk, grids)
    if walk["operation"] == "conv2d":
        from cnn_core.conv import conv2d_forward

        weight = grids["weight"].reshape(len(grids["out"]), -1, *walk["size"])
        options = {"stride": stride, "dilation": dilation, "groups": walk["groups"]}
        _, cache = conv2d_forward(grids["x"][None], weight, grids["bias"].ravel(), **options)
        expected = dict(zip(("dx", "dweight", "dbias"), conv2d_backward(grids["dout"][None], cache), strict=True))
    else:
        pooling = walk["operation"] == "max_pool2d"
        x = np.where(np.array(walk["blank"]).reshape(grids["x"].shape[1:]), -1e9, grids["x"]) if pooling else grids["x"]
        forward = max_pool2d_forward if pooling else avg_pool2d_forward
        backward = max_pool2d_backward if pooling else avg_pool2d_backward
        _, cache = forward(x[None], walk["size"], stride=stride)
        units = 1 if pooling else walk["size"][0] * walk["size"][1]
        expected = {"dx": backward(grids["dout"][None] * units, cache)}
    for name, gradient in expected.items():
        np.testing.assert_array_equal(grids[name].ravel(), gradient.ravel(), err_msg=name)


def geometry(walk, grids):
    """Stride and dilation, read from where the windows and their cells are."""
    columns = grids["x"].shape[2]
    origin, taps = np.array(walk["origin"]), np.array(walk["taps"])
    across = grids["out"].shape[2]
    stride = (origin[across] // columns if len(origin) > across else 1, origin[1] if across > 1 else 1)
    width = walk["size"][1]
    dilation = (taps[width] // columns if len(taps) > width else 1, taps[1] if width > 1 else 1)
    return tuple(map(int, stride)), tuple(map(int, dilation))
