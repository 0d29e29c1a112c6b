"""Values that no browser sends: rows that are not there, options that are not listed, numbers out of range. All are ignored."""

import itertools
import json

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState

from pages.address.menu import PAGES
from pages.sections import measuring
from pages.sections.run_table import rows_of
from tests.app.lesson import open_lesson
from tests.app.test_speed import tiny
from tests.trainings import LONG, SHORT
from tests.waiting import until

KINDS = {  # what the front end may send of each kind of widget
    "slider": ("double_array_value", [[1e9], [-1e9], [float("nan")], [float("inf")], [], [1.0, 2.0, 3.0]]),
    "select_slider": ("string_array_value", [["nonsense"], [], ["1", "2", "3"]]),
    "selectbox": ("string_value", ["nonsense", "", "<b>"]),
    "radio": ("string_value", ["nonsense", ""]),
    "button_group": ("string_array_value", [["nonsense"], [], ["curves", "layers"]]),
    "multiselect": ("string_array_value", [["nonsense"], ["a", "b"]]),
    "number_input": ("double_value", [1e300, -1e300, float("nan")]),
    "text_input": ("string_value", ["x" * 100_000, "\x00"]),
    "text_area": ("string_value", ["x" * 100_000, "\x00"]),
    "button": ("trigger_value", [True]),  # also of those that are disabled
    "expander": ("bool_value", [True]),
}
SELECTIONS = [
    {"selection": {"rows": [99]}}, {"selection": {"rows": [-1]}}, {"selection": {"rows": ["0"]}},
    {"selection": {"rows": [None, 0.5, True, [0], {}]}}, {"selection": {"rows": {}}}, {"selection": {"rows": 5}},
    {"selection": {}}, {"selection": []}, {}, [], None, 5,
]  # fmt: skip
CELLS = [[["x"]], [[1, 2, 3]], [5], 5, {"a": 1}, "abc", [[None]], [["1"] * 3] * 99, {"place": {}}]


def state_of(widget_id, kind, value):
    state = WidgetState(id=widget_id)
    if kind.endswith("array_value"):
        getattr(state, kind).data[:] = value
        getattr(state, kind).SetInParent()
    else:
        setattr(state, kind, value)
    return state


def trigger_of(component_id):
    """Where the front end puts what a component tells once, and does not go on telling."""
    return f"$$STREAMLIT_INTERNAL_KEY_{component_id}__events"


def send(app, *states):
    """As a message that sets these widgets, and leaves the others as they are."""
    known = app._tree.get_widget_states()
    forged = {state.id for state in states}
    kept = [state for state in known.widgets if state.id not in forged]
    del known.widgets[:]
    known.widgets.extend([*kept, *states])
    return app._run(known)


def forgeries(app):
    for kind, (field, values) in KINDS.items():
        for widget in app.get(kind):
            if widget.proto.id and not (widget.key or "").startswith("download_"):  # that asks the internet
                for value in values:
                    yield f"{kind} {widget.key}={str(value)[:20]}", state_of(widget.proto.id, field, value)


@pytest.mark.parametrize("page", [page.name for page in PAGES])
def test_forged_values_of_any_widget_end_in_no_error_of_the_app(page, monkeypatch):
    monkeypatch.setattr(measuring, "plan", tiny)  # who forges a press of Start on the Speed page measures
    forged = list(forgeries(open_lesson(page)))
    every = 3 if page in ("train", "data") else 1  # a third of the many
    assert broken(lambda: open_lesson(page), forged[::every]) == []


VIEWS = ("curves", "layers", "mistakes", "film_strip", "weight", "network")
WITH_RUNS = [  # pages with trainings on them: one that has ended, one that is paused, one that looked for a rate
    ("train", [{"run": "ended", "view": view} for view in VIEWS]),
    ("train", [{"run": "paused", "view": view} for view in VIEWS] + [{"range_test": "search"}]),
    ("runs", [{}, {"runs": "ended"}, {"runs": "paused,ended,search"}]),
    ("network", [{"run": "ended"}]),
]


@pytest.fixture
def trained(registry):
    """Trainings by the words of WITH_RUNS; a further one was deleted."""
    found = {"ended": registry.start(SHORT), "search": registry.start(SHORT.for_range_test())}
    deleted = registry.start(SHORT)
    until(lambda: all(run.ended for run in (*found.values(), deleted)))
    registry.delete(deleted.id)
    found["paused"] = registry.start(LONG, advance="epoch")
    until(lambda: found["paused"].state == "paused")
    return {word: run.id for word, run in found.items()}


@pytest.mark.parametrize(("page", "addresses"), WITH_RUNS)
def test_forged_values_where_trainings_are_shown(trained, page, addresses):
    everywhere = {name for name, _ in forgeries(open_lesson(page))} if page == "train" else set()
    for words in addresses:
        address = {key: ",".join(trained.get(word, word) for word in text.split(",")) for key, text in words.items()}
        opened = open_lesson(page, **address)
        assert not opened.exception, words
        own = [(name, state) for name, state in forgeries(opened) if name not in everywhere]
        assert own, words
        assert broken(lambda address=address: open_lesson(page, **address), own) == [], words


def test_forged_values_of_what_may_be_changed_while_a_training_goes_on(trained):
    def opened():
        app = open_lesson("train", run=trained["paused"])
        (fold,) = [found for found in app.get("popover") if "live" in found.proto.id]
        return send(app, state_of(fold.proto.id, "bool_value", True))

    own = [(name, state) for name, state in forgeries(opened()) if " live_" in name]
    assert {name.split("=")[0] for name, _ in own} == {
        "select_slider live_learning_rate", "select_slider live_reg", "slider live_dropout",
    }  # fmt: skip
    assert broken(opened, own) == []


@pytest.mark.parametrize("page", ["convolution", "pooling"])
def test_forged_values_of_what_is_taken_along(page):
    def opened():
        return open_lesson(page).toggle(key="export_open").set_value(True).run()

    own = [(name, state) for name, state in forgeries(opened()) if " export_" in name]
    assert own
    assert broken(opened, own) == []


def broken(opened, forged):
    """Which of these messages end in an error, of a page opened anew for each, or of the next one that is opened."""
    found, app = [], opened()
    for name, state in forged:
        sent, app = send(app, state), opened()
        for when, shown in (("with", sent), ("after", app)):
            found += [f"{when} {name}: {shown.exception[0].message[:90]}"] if shown.exception else []
    return found


COMPONENTS = {  # where each is, and what it tells
    "convscope_kernel_grid": ("convolution", {}, ["cells"]),
    "convscope_player": ("convolution", {}, ["place"]),
    "convscope_receptive": ("receptive_field", {}, ["pinned"]),
    "convscope_entries": ("gradient_check", {}, ["entry"]),
    "convscope_pad": ("network", {"source": "drawn"}, ["drawn"]),
    "convscope_overview": ("network", {}, ["place"]),
    "convscope_zoom": ("network", {"layer": "conv1"}, ["go"]),
    "convscope_gallery": ("network", {"view": "learned"}, ["choice"]),
    "convscope_answer": ("network", {"view": "why"}, ["method", "pixel", "walk"]),
}


@pytest.mark.parametrize("component", COMPONENTS)
@pytest.mark.parametrize("value", CELLS, ids=str)
def test_forged_values_of_a_component(component, value):
    page, address, names = COMPONENTS[component]
    forge(open_lesson(page, **address), component, names, value)


OF_A_TRAINING = {  # what is drawn of a training, where, and what it tells
    "film_strip": ("convscope_film", ["step"]),
    "mistakes": ("convscope_chart", ["cell"]),
    "weight": ("convscope_chart", ["cell"]),
}


@pytest.mark.parametrize("view", OF_A_TRAINING)
def test_forged_values_of_what_is_drawn_of_a_training(trained, view):
    component, names = OF_A_TRAINING[view]
    for value in (*CELLS, [-1, 0], [True, 0], [0.5, 0], [10**400, 0], 10**400, -1, True, float("nan")):
        shown = forge(open_lesson("train", run=trained["ended"], view=view), component, names, value)
        assert shown  # the charts that listen, or the film
        assert not open_lesson("train", run=trained["ended"], view=view).exception


def forge(app, component, names, value):
    """Tell this in the name of a component, once and for good, of each that is there; returns how many there are."""
    there = [c.proto for c in app.get("bidi_component") if c.proto.component_name == component]
    for found, name in itertools.product(there, names):
        for told in ({name: value}, {}):
            send(app, state_of(found.id, "json_value", json.dumps(told)))
            assert not app.exception
        events = [{"event": name, "value": value}, {"event": name}, value]
        for base in ({}, value):
            state = state_of(found.id, "json_value", json.dumps(base))
            send(app, state, state_of(trigger_of(found.id), "json_trigger_value", json.dumps(events)))
            assert not app.exception
    return len(there)


@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
def test_a_choice_of_rows_that_are_not_there_is_ignored(selection):
    assert rows_of(selection, 3) == []


# Of others Streamlit itself says that it cannot read them, to whoever sent them, before the page's script begins.
@pytest.mark.parametrize("selection", [one for one in SELECTIONS if one not in (None, 5, {"selection": []})], ids=str)
def test_a_forged_choice_of_runs_is_ignored(registry, selection):
    run = registry.start(SHORT)
    until(lambda: run.ended)
    app = open_lesson("runs")
    (table,) = [found.proto for found in app.dataframe if found.proto.id]
    send(app, state_of(table.id, "string_value", json.dumps(selection)))
    assert not app.exception
    assert "runs" not in app.query_params


def test_the_rows_that_are_there_count():
    assert rows_of({"selection": {"rows": [2, 0, 3, -1, "1", True, 2]}}, 3) == [2, 0]
