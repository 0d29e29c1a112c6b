"""The receptive field page: the browser gets the core's numbers, presets and changes of them, the formula, bad input."""

import numpy as np
import pytest

from cnn_core.receptive_field import connection, receptive_fields
from cnn_core.window import Window
from pages.controls.stack import STACKS
from pages.sections.stack_script import stack_script
from tests.app.lesson import calm, open_lesson, sent, texts


def maps(app):
    """What was sent of the maps."""
    return sent(app, "convscope_receptive")["stack"]["maps"]


def unfold(app):
    """Open all layers: at first only the lowest one's settings are drawn."""
    for number in range(1, app.slider(key="layers").value + 1):
        app.session_state[f"layer_{number}_fold"] = True
    return app.run()


def layers(app):
    """As the widgets say."""
    unfold(app)
    found = []
    for number in range(1, app.slider(key="layers").value + 1):
        sizes = [app.slider(key=f"layer_{number}_{name}").value for name in ("kernel_size", "stride", "padding")]
        kind = app.radio(key=f"layer_{number}_kind").value
        dilation = app.slider(key=f"layer_{number}_dilation").value if kind == "conv" else 1
        found.append((kind, *sizes, dilation))
    return found


def as_tuples(preset):
    return [tuple(vars(layer).values()) for layer in STACKS[preset].layers]


def words(app):
    return " ".join(texts(app.markdown) + texts(app.caption))


SETTINGS = [
    *({"preset": name} for name in STACKS),
    {"input_size": "17", "layer_2_kind": "pool", "layer_2_stride": "3"},
]


@pytest.mark.parametrize("parameters", SETTINGS, ids=lambda p: "-".join(p.values()))
def test_the_browser_gets_what_the_core_computes(parameters):
    app = open_lesson("receptive_field", **parameters)
    assert calm(app)
    data, input_size = sent(app, "convscope_receptive")["stack"], app.slider(key="input_size").value
    windows = [Window.of(*settings) for _, *settings in layers(app)]
    fields = receptive_fields(windows, input_size)
    assert [(m["rows"], m["columns"]) for m in data["maps"]] == [field.map_size for field in fields]
    assert [len(lower) for lower in data["below"]] == list(range(len(fields)))
    for upper, lower in ((u, low) for u in range(len(fields)) for low in range(u)):
        for along, sights in zip(
            connection(windows[lower:upper], fields[lower].map_size), data["below"][upper][lower], strict=True
        ):
            cells = along.paths.shape[1]
            assert len(sights) == len(along.paths)
            for sight, paths, (first, last) in zip(sights, along.paths, along.field, strict=True):
                spread = np.zeros(cells, int)
                if sight["seen"]:
                    spread[sight["seen"][0] : sight["seen"][1] + 1] = sight["paths"]
                np.testing.assert_array_equal(spread, paths)
                field = range(first, last + 1)
                on_the_map = [cell for cell in field if 0 <= cell < cells]
                assert sight["size"] == len(field)
                assert sight["padding"] == [sum(cell < 0 for cell in field), sum(cell >= cells for cell in field)]
                if on_the_map:
                    assert sight["field"] == [on_the_map[0], on_the_map[-1]]
                else:
                    assert sight["field"][0] > sight["field"][1]


@pytest.mark.parametrize("name", STACKS)
def test_a_preset_opens_and_is_explained(name):
    app = open_lesson("receptive_field", preset=name)
    assert calm(app)
    assert layers(app) == as_tuples(name)
    assert app.slider(key="input_size").value == STACKS[name].input_size
    assert STACKS[name].words in words(app)
    assert [m["name"] for m in maps(app)] == ["input", *(f"{kind}{n}" for n, (kind, *_) in enumerate(layers(app), 1))]


def test_what_the_presets_claim():
    def sizes(name):
        windows = [layer.window for layer in STACKS[name].layers]
        return [field.size[0] for field in receptive_fields(windows, STACKS[name].input_size)]

    assert sizes("three_small")[-1] == sizes("one_large")[-1] == 7
    assert sizes("lenet_5")[-1] == STACKS["lenet_5"].input_size
    assert sizes("dilated") == [1, 3, 7, 15]
    assert np.diff(sizes("vgg_blocks")).tolist() == [2, 2, 1, 4, 4]
    assert sizes("early_pool") == [1, 3, 4, 8, 12]
    pooled = STACKS["early_pool"]
    assert [layer.kernel_size for layer in pooled.layers if layer.kind == "conv"] == [3, 3, 3]
    assert "adds four cells" in pooled.words
    assert f"{sizes('early_pool')[-1]}×{sizes('early_pool')[-1]}" in pooled.words
    strided = [layer.window for layer in STACKS["strided"].layers]
    assert [field.jump[0] for field in receptive_fields(strided, 48)] == [1, 2, 4, 4, 4]


def test_choosing_a_preset_sets_every_layer():
    app = open_lesson("receptive_field", preset="lenet_5")
    for name in ("strided", "one_large", "vgg_blocks"):
        app.selectbox(key="preset").set_value(name).run()
        assert calm(app)
        assert layers(app) == as_tuples(name)
        assert app.slider(key="input_size").value == STACKS[name].input_size


def test_a_layer_that_the_preset_does_not_have_starts_plain_whatever_was_there_before():
    app = open_lesson("receptive_field", preset="lenet_5")
    app.selectbox(key="preset").set_value("strided").run()
    app.slider(key="layers").set_value(5).run()
    assert layers(app)[-1] == ("conv", 3, 1, 0, 1)


def test_a_change_is_said_to_be_the_readers_and_can_be_taken_back():
    app = unfold(open_lesson("receptive_field", preset="strided"))
    app.slider(key="layer_2_padding").set_value(0).run()
    assert "Changed by you, from “strided”." in words(app)
    assert STACKS["strided"].words not in words(app)
    app.button(key="restore").click().run()
    assert layers(app) == as_tuples("strided")
    assert "Changed by you" not in words(app)


def test_the_address_sets_every_control():
    wanted = {"kind": "pool", "kernel_size": "4", "stride": "3", "padding": "2"}
    app = open_lesson(
        "receptive_field",
        input_size="40",
        layers="2",
        layer_1_dilation="3",
        **{f"layer_2_{name}": value for name, value in wanted.items()},
    )
    assert calm(app)
    assert layers(app) == [("conv", 3, 1, 0, 3), ("pool", 4, 3, 2, 1)]
    assert [m["rows"] for m in maps(app)] == [40, 34, 12]
    assert maps(app)[2]["note"] == "4×4, stride 3, padding 2"


def test_the_formula_has_the_readers_numbers():
    app = open_lesson("receptive_field", preset="vgg_blocks", layer_4_dilation="2", layer_4_padding="2")
    (table,) = [text for text in texts(app.markdown) if text.startswith("| layer")]
    rows = table.splitlines()[2:]
    assert rows[0] == "| input | 24×24 | $1$ | $1$ |"
    assert rows[3] == r"| pool3 | 12×12 | ${1 \cdot 2}$ $= 2$ | ${5 + (2 - 1) \cdot 1}$ $= 6$ |"
    assert rows[4] == r"| conv4 | 12×12 | ${2 \cdot 1}$ $= 2$ | ${6 + 2 \cdot (3 - 1) \cdot 2}$ $= 14$ |"
    assert len(rows) == 6


def test_the_weights_are_counted():
    text = words(open_lesson("receptive_field"))
    assert "**110,592** instead of **200,704**" in text  # 3 * 9 * 64 * 64 and 49 * 64 * 64


def table(app):
    """The rows of the table, from the input up: their cells."""
    (found,) = [text for text in texts(app.markdown) if text.startswith("| layer")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in found.splitlines()[2:]]


def test_three_convolutions_with_a_pooling_after_the_first():
    app = open_lesson("receptive_field")
    app.slider(key="layers").set_value(4).run()
    unfold(app).radio(key="layer_2_kind").set_value("pool").run()
    assert calm(app)
    assert layers(app) == [("conv", 3, 1, 0, 1), ("pool", 2, 2, 0, 1), ("conv", 3, 1, 0, 1), ("conv", 3, 1, 0, 1)]
    assert [m["rows"] for m in maps(app)] == [12, 10, 5, 3, 1]  # the input has grown from 10
    assert app.slider(key="input_size").value == app.slider(key="input_size").min == 12
    assert [row[:2] for row in table(app)][1:] == [
        ["conv1", "10×10"],
        ["pool2", "5×5"],
        ["conv3", "3×3"],
        ["conv4", "1×1"],
    ]
    assert [row[3].split()[-1].strip("$") for row in table(app)] == ["1", "3", "4", "8", "12"]
    (said,) = app.session_state["book"].settings.values()  # as the address has it
    again = open_lesson("receptive_field", **said)
    assert [m["rows"] for m in maps(again)] == [12, 10, 5, 3, 1]


def test_a_layer_of_another_kind_begins_as_the_usual_one_and_a_link_with_the_kind_alone_as_before():
    app = unfold(open_lesson("receptive_field", preset="strided"))
    app.radio(key="layer_2_kind").set_value("conv").run()
    assert layers(app)[1] == ("conv", 3, 1, 0, 1)
    app.radio(key="layer_2_kind").set_value("pool").run()
    assert layers(app)[1] == ("pool", 2, 2, 0, 1)
    assert layers(open_lesson("receptive_field", layer_2_kind="pool"))[1] == ("pool", 3, 1, 0, 1)


def test_the_input_grows_as_the_layers_need_and_shrinks_no_further():
    app = open_lesson("receptive_field", layer_3_kernel_size="7")
    assert calm(app)
    assert [m["rows"] for m in maps(app)] == [11, 9, 7, 1]
    assert "With an input below 11×11 not every layer would fit." in words(app)
    unfold(app).slider(key="layer_3_padding").set_value(3).run()
    assert "not every layer would fit" not in words(app)
    app.slider(key="input_size").set_value(8).run()
    assert [m["rows"] for m in maps(app)] == [8, 6, 4, 4]


def test_a_layer_that_fits_no_input_is_named_those_below_are_shown_and_the_table_keeps_its_rows():
    stack = {"input_size": "20", "layer_1_stride": "4", "layer_3_kernel_size": "7", "layer_3_dilation": "4"}
    app = open_lesson("receptive_field", **stack)
    (error,) = texts(app.error)
    assert error.startswith(
        "layer 3: kernel_size (=7, dilation 4: 25 cells of height) must fit into the padded input (=3)"
    )
    assert [m["name"] for m in maps(app)] == ["input", "conv1", "conv2"]
    assert [row[1] for row in table(app)] == ["20×20", "5×5", "3×3", "does not fit"]
    assert table(app)[3][3].endswith("= 107$")  # 11 + 4 · 6 · 4
    unfold(app).slider(key="layer_3_dilation").set_value(1).run()
    assert calm(app)
    assert [m["rows"] for m in maps(app)] == [35, 9, 7, 1]


def test_a_pool_of_padding_only_is_named():
    app = open_lesson("receptive_field", layer_2_kind="pool", layer_2_padding="3")
    (error,) = texts(app.error)
    assert error.startswith("layer 2: padding (=3) must leave each pooling window at least one cell of the input")
    assert [m["name"] for m in maps(app)] == ["input", "conv1"]


def test_without_a_layer_that_fits_the_input_stands_alone():
    app = open_lesson("receptive_field", layer_1_kind="pool", layer_1_padding="6")
    assert texts(app.error)[0].startswith("layer 1: padding (=6) must leave each pooling window")
    assert [m["name"] for m in maps(app)] == ["input"]
    assert len(table(app)) == 4
    assert not app.exception


@pytest.mark.parametrize(
    ("parameter", "value", "remedy"),
    [
        ("preset", "AlexNet", "must be one of three_small, one_large"),
        ("layers", "6", "must be 1 to 5"),
        ("input_size", "7", "must be 8 to 64"),
        ("layer_1_kind", "norm", "must be one of conv, pool"),
        ("layer_2_kernel_size", "0", "must be 1 to 7"),
        ("layer_3_stride", "fast", "must be a whole number from 1 to 4"),
        ("layer_1_dilation", "9", "must be 1 to 4"),
    ],
)
def test_a_bad_parameter_is_named_with_its_remedy_and_the_page_works(parameter, value, remedy):
    app = open_lesson("receptive_field", **{parameter: value})
    (warning,) = texts(app.warning)
    assert warning.startswith(f"{parameter} (={value}) in the link {remedy}")
    assert not app.exception
    closed = app.expander[1:]  # nobody would see it there
    assert not [found for expander in closed for found in expander.warning]
    assert [m["rows"] for m in maps(app)] == [10, 8, 6, 4]


def test_layers_but_the_lowest_are_folded_up_and_cost_nothing():
    app = open_lesson("receptive_field")
    assert [expander.label for expander in app.expander] == ["Layer 1", "Layer 2", "Layer 3"]
    assert [len(expander.slider) for expander in app.expander] == [4, 0, 0]


@pytest.mark.parametrize("name", STACKS)
def test_pytorch_finds_the_same_paths(name):
    torch = pytest.importorskip("torch")
    chosen = STACKS[name]
    windows = [layer.window for layer in chosen.layers]
    script = stack_script([(layer.kind, layer.window) for layer in chosen.layers], chosen.input_size)
    names = {}
    exec(script, names)
    rows, columns = connection(windows, (chosen.input_size,) * 2)
    expected = np.outer(rows.paths[names["row"]], columns.paths[names["column"]])
    np.testing.assert_array_equal(names["paths"].numpy(), expected)
    assert isinstance(names["paths"], torch.Tensor)


def test_the_code_is_shown_when_it_is_unfolded():
    app = open_lesson("receptive_field")
    app.session_state["code_open"] = True
    assert calm(app.run())
    shown = [block.value for block in app.code]
    assert shown[0].startswith("def receptive_fields(")
    assert "nn.Conv2d(1, 1, 3, stride=1, padding=0, bias=False)" in shown[-1]
