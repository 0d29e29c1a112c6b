"""The scripts that the pages offer: each is run, and gives the layer's own numbers."""

import re
import sys
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnn_core import conv, conv_transpose, cs231n, pool
from cnn_core.walks import trace
from cnn_core.window import Window
from pages.sections import snippets
from pages.sections.code import sources
from pages.sections.snippets import LayerCall
from tests.app.lesson import calm, texts

ROOT = Path(__file__).parents[2]
STRIDES, PADDINGS, DILATIONS = [1, 2, (1, 3)], [0, 1, (1, 2), ((0, 1), (2, 0)), "same"], [1, (1, 2)]


@dataclass(frozen=True)
class Case:
    operation: str
    window: Window
    channels: int = 1
    filters: int = 1
    groups: int = 1
    output_padding: object = 0
    size: tuple[int, int] = (6, 5)
    backward: bool = True

    def __str__(self):
        return "-".join(str(value).replace(" ", "") for value in vars(self).values())


def windows(kernel_size, dilations=DILATIONS):
    for stride, padding, dilation in product(STRIDES, PADDINGS, dilations):
        if padding != "same" or stride == 1:
            yield Window.of(kernel_size, stride, padding, dilation)


CASES = [
    *(Case("conv2d", w, *shape) for w in windows((3, 2)) for shape in [(1, 1), (2, 3), (2, 4, 2), (3, 3, 3)]),
    *(Case("im2col", w, *shape, backward=False) for w in windows((3, 2)) for shape in [(1, 1), (2, 3)]),
    *(
        Case("conv_transpose2d", w, *shape, output_padding, size=(3, 4))
        for w in windows(3)
        for shape in [(2, 3, 1), (4, 2, 2)]
        for output_padding in [0, 1, (0, 1)]
        if output_padding == 0 or w.stride == (2, 2) or (output_padding == (0, 1) and w.stride == (1, 3))
    ),
    *(Case("max_pool2d", w, 2) for w in windows(3)),
    *(Case("avg_pool2d", w, 2) for w in windows((3, 4), [1])),
    *(Case(f"{kind}_pool2d", Window.of(3, 2, 2)) for kind in ("max", "avg")),  # more padding than PyTorch takes
    # Too large to be written out, in part or as a whole, and forward only.
    Case("conv2d", Window.of(3, 1, 1), 3, 8, size=(16, 16)),
    Case("conv2d", Window.of(7, 1, 3), 3, 2, size=(6, 6)),
    Case("im2col", Window.of(3), 1, 2, size=(20, 20), backward=False),
    Case("conv_transpose2d", Window.of(3, 2, 1), 2, 2, 1, 1, size=(8, 8)),
    Case("max_pool2d", Window.of(2, 2), 3, size=(16, 16)),
    Case("max_pool2d", Window.of((3, 2), 2)),
    Case("avg_pool2d", Window.of(2, 2), 3, size=(16, 16)),
    Case("conv2d", Window.of(3, 1, 1), backward=False),
    Case("max_pool2d", Window.of(2, 2), backward=False),
]
CONV = "The course's conv_param has one stride and one pad only; this page uses"
POOL = "The course's pool_param has one stride and no padding; this page uses"
FITS = [case for case in CASES if case.operation in ("conv2d", "im2col", "max_pool2d") and case.groups == 1]


def layer_of(case):
    """The layer, with the arrays of a walk through it: ties in the image, decimals in the weights."""
    rng, window, transposed = np.random.default_rng(0), case.window, case.operation == "conv_transpose2d"
    arguments, options = [rng.integers(-2, 3, (case.channels, *case.size)).astype(float)], {}
    filters, channels = (case.channels, case.filters) if transposed else (case.filters, case.channels)
    if "pool" not in case.operation:
        shape = (filters, channels // case.groups, *window.kernel_size)
        arguments += [rng.standard_normal(shape).round(4), rng.standard_normal(filters).round(3)][
            : 1 if transposed else 2
        ]
    if case.operation in ("conv2d", "conv_transpose2d"):
        options["groups"] = case.groups
    if transposed:
        options["output_padding"] = case.output_padding
    if case.backward:
        out = window.transposed_size(case.size, case.output_padding) if transposed else window.output_size(case.size)
        options["dout"] = rng.standard_normal((channels if "pool" in case.operation else case.filters, *out)).round(2)
    walk = getattr(trace, f"trace_{case.operation}")(*arguments, window, **options)
    return LayerCall(case.operation, walk.arrays(), window, case.groups, case.output_padding)


def expected(layer, given):
    """What the loop versions make of these arrays: by the names of the core's functions."""
    name, arguments = layer.operation.replace("im2col", "conv2d"), [given[input] for input in layer.inputs]
    options = {"stride": layer.window.stride, "padding": layer.window.padding, "dilation": layer.window.dilation}
    if name == "avg_pool2d":
        del options["dilation"]
    if "pool" in name:
        module, arguments = pool, [*arguments, layer.window.kernel_size]
    else:
        module, options["groups"] = conv, layer.groups
    if name == "conv_transpose2d":
        module, options["output_padding"] = conv_transpose, layer.output_padding
    out, cache = getattr(module, f"{name}_forward_naive")(*arguments, **options)
    if "dout" not in given:
        return {"out": out}
    gradients = getattr(module, f"{name}_backward_naive")(given["dout"], cache)
    gradients = [gradients] if module is pool else gradients
    return {"out": out} | dict(zip(("dx", "dweight", "dbias"), gradients, strict=False))


def run(script):
    assert max(map(len, script.splitlines())) <= 120
    names = {}
    exec(compile(script, "script", "exec"), names)
    return names


def check(layer, script, ran):
    """The script got the layer's numbers (or drew some, where it says so) and found the layer's results."""
    for name, array in layer.given.items():
        assert ran[name].shape == array.shape
        assert (np.asarray(ran[name]) == array).all() == (array.size <= snippets.MOST_NUMBERS)
    drawn = [array.size for array in layer.given.values() if array.size > snippets.MOST_NUMBERS]
    assert script.count("# random: the page's") == len(drawn)
    results = expected(layer, {name: ran[name] for name in layer.given})
    for name, array in results.items():
        assert ran[name].dtype == np.float64
        np.testing.assert_allclose(ran[name], array, rtol=0, atol=1e-12, err_msg=name)
        if not drawn:
            shown = layer.arrays.get(name)  # what the page itself shows; it has no bias in a transposed convolution
            assert shown is not None or name in ("dbias", "dx", "dweight")
            if shown is not None:
                np.testing.assert_allclose(ran[name].reshape(shown.shape), shown, rtol=0, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_numpy_script_gives_the_pages_numbers(case, capsys):
    layer = layer_of(case)
    script = snippets.numpy_script(layer)
    ran = run(script)
    check(layer, script, ran)
    printed = capsys.readouterr().out
    assert f"out\n{ran['out'].shape}\n{ran['out']}\n" in printed
    assert ("dx\n" in printed) == ("dx = " in script or "dx, " in script) == case.backward
    if case.operation == "im2col":
        assert ran["columns"].shape == (ran["weight"][0].size, ran["out"][0, 0].size)
        np.testing.assert_allclose(ran["product"].reshape(ran["out"].shape), ran["out"], rtol=0, atol=1e-12)
        if ran["x"].size <= snippets.MOST_NUMBERS:
            np.testing.assert_array_equal(ran["columns"], layer.arrays["columns"][0])


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_pytorch_script_gives_the_same(case, capsys):
    pytest.importorskip("torch")
    layer = layer_of(case)
    script = snippets.torch_script(layer)
    ran = run(script)
    found = {name: ran[name].detach().numpy() for name in (*layer.given, "out")}
    if case.backward:
        found |= {f"d{name}": ran[name].grad.numpy() for name in layer.inputs}
    check(layer, script, found)
    assert ("x.grad\n" in capsys.readouterr().out) == case.backward
    for name, array in run(snippets.numpy_script(layer)).items():  # drawn or written: the same in both scripts
        if name in layer.given:
            np.testing.assert_array_equal(array, found[name])


@pytest.mark.parametrize("case", FITS, ids=str)
def test_the_courses_script_gives_the_same_or_says_why_not(case, monkeypatch):
    window, pools = case.window, case.operation == "max_pool2d"
    one = len({*window.padding[0], *window.padding[1]}) == 1 and window.stride[0] == window.stride[1]
    fits = one and window.dilation == (1, 1) and not (pools and window.padding[0][0])
    layer = layer_of(case)
    assert (snippets.course_gap(layer) == "") == fits
    if not fits:
        return
    cs231n.install()
    for name in [name for name in sys.modules if f"{name}.".startswith("cs231n.")]:  # install()'s end with the test
        monkeypatch.setitem(sys.modules, name, None)
        del sys.modules[name]
    script = snippets.course_script(layer)
    ran = run(script)
    version = "fast" if case.operation == "im2col" else "naive"
    assert f"_forward_{version}({'x, ' if pools else 'x, w, b, '}" in script
    names = {"weight": "w", "bias": "b"} | ({"dweight": "dw", "dbias": "db"} if case.backward else {})
    check(layer, script, ran | ({} if pools else {ours: ran[course] for ours, course in names.items()}))


@pytest.mark.parametrize(
    ("case", "words"),
    [
        (Case("conv_transpose2d", Window.of(3)), "The course has no transposed convolution."),
        (
            Case("avg_pool2d", Window.of(2, 2)),
            "The course has no average pooling: its pooling layer takes the maximum.",
        ),
        (Case("conv2d", Window.of(3, (1, 2), 0, 2), 2, 2, 2), f"{CONV} a stride for each axis, dilation, groups."),
        (Case("conv2d", Window.of(3, 1, (0, 1))), f"{CONV} a padding for each side."),
        (Case("max_pool2d", Window.of(3, 2, 1, 2)), f"{POOL} padding, dilation."),
        (Case("max_pool2d", Window.of((3, 2), 2)), ""),
    ],
    ids=str,
)
def test_what_the_course_lacks_is_named(case, words):
    assert snippets.course_gap(layer_of(case)) == words


def test_only_what_differs_is_written_out():
    plain = snippets.numpy_script(layer_of(Case("conv2d", Window.of(3))))
    assert "out, cache = conv2d_forward(x, weight, bias, stride=1, padding=0)\n" in plain
    rich = snippets.numpy_script(layer_of(Case("conv2d", Window.of(2, 1, "same", (1, 2)), 4, 4, 2)))
    assert "stride=1, padding=((0, 1), (1, 1)), dilation=(1, 2), groups=2)\n" in rich
    wide = snippets.torch_script(layer_of(Case("conv_transpose2d", Window.of(2, 3, (0, 1)), output_padding=(2, 1))))
    assert "F.conv_transpose2d(x, weight, bias, stride=3, padding=(0, 1), output_padding=(2, 1))\n" in wide
    assert "out, cache = max_pool2d_forward(x, (2, 3), stride=1, padding=0)\n" in snippets.numpy_script(
        layer_of(Case("max_pool2d", Window.of((2, 3))))
    )


def test_an_image_of_any_size_makes_a_short_script():
    large = np.broadcast_to(0.5, (3, 20_000, 20_000))  # 9.6 GB, were it ever copied
    layer = LayerCall("max_pool2d", {"x": large, "dout": large[:, ::2, ::2]}, Window.of(2, 2))
    assert len(snippets.numpy_script(layer) + snippets.torch_script(layer) + snippets.course_script(layer)) < 2500


@pytest.mark.parametrize(
    "numbers", [[0.1, 1 / 3, -0.0, 1e-300, 12345.6789, 2.0**53], [1e-5, 1.0], [7.0], list(np.arange(150) / 7)]
)
def test_numbers_are_written_in_full(numbers):
    script = snippets.numpy_script(LayerCall("max_pool2d", {"x": np.array([[numbers]])}, Window.of(1)))
    assert run(script)["x"].ravel().tolist() == numbers


def begins(text, function):
    return re.match(rf"(@\w+.*\n)*def {function}\(", text)


@pytest.mark.parametrize("operation", ["conv2d", "conv_transpose2d", "max_pool2d", "avg_pool2d", "im2col"])
def test_the_source_is_the_real_one(operation):
    shown = dict(sources(operation))
    assert len(shown) == (2 if operation == "im2col" else 4)
    forward = "conv2d_forward_vectorized" if operation == "im2col" else f"{operation}_forward"
    assert any(begins(text, forward) for text in shown.values())
    for heading, text in shown.items():
        function, file = heading.split("`")[1:4:2]
        assert begins(text, function)
        assert text in (ROOT / file).read_text(encoding="utf-8")


def page(operation, window, groups, output_padding):
    import numpy as np
    import streamlit as st

    from pages.sections.code import code
    from pages.sections.snippets import LayerCall, numpy_script

    arrays = {"x": np.ones((2, 4, 4)), "weight": np.ones((2, 2 // groups, 3, 3)), "bias": np.ones(2)}
    layer = LayerCall(operation, arrays, window, groups, output_padding)
    st.session_state["script"] = numpy_script(layer)
    code(layer)


@pytest.mark.parametrize(
    ("operation", "groups", "output_padding", "options", "gap"),
    [
        ("conv2d", 1, 0, "stride=2, padding=1)", ""),
        ("conv2d", 2, 0, "stride=2, padding=1, groups=2)", f"{CONV} groups."),
        (
            "conv_transpose2d",
            2,
            1,
            "padding=1, output_padding=1, groups=2)",
            "The course has no transposed convolution.",
        ),
    ],
)
def test_a_page_shows_the_code_when_it_is_unfolded(operation, groups, output_padding, options, gap):
    app = AppTest.from_function(page, args=(operation, Window.of(3, 2, 1), groups, output_padding)).run()
    assert calm(app)
    (switch,) = app.toggle
    assert (switch.label, switch.value, len(app.code)) == ("Show the code", False, 0)
    assert calm(switch.set_value(True).run())
    assert [tab.label for tab in app.tabs] == ["This page's layer", "NumPy", "PyTorch", "CS231n"]
    own, numpy, torch, course = app.tabs
    assert [block.value for block in own.code] == [text.strip() for _, text in sources(operation)]
    assert [block.value for block in numpy.code] == [app.session_state["script"].strip()]
    assert f"{operation}_forward(x, weight, bias, " in numpy.code[0].value
    assert all(options in tab.code[0].value for tab in (numpy, torch))
    assert f"F.{operation}(" in torch.code[0].value
    assert texts(course.markdown) == [gap] * bool(gap)
    assert ["conv_forward_naive(" in block.value for block in course.code] == [True] * (not gap)
