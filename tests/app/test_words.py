"""Words stand apart from ids: in other words, as another language would have them, every page works as before."""

import re
from pathlib import Path

import pytest

from cnn_core import datasets
from cnn_core.network import ACTIVATIONS, NORMS, POOLS, WEIGHT_INITS
from cnn_core.optim import RULES
from cnn_core.training.data import NORMALISE
from cnn_core.training.progress import ACTIVE, ENDED
from pages.controls.words import WORDS, word_of
from tests.app.lesson import calm, change, control, open_lesson, texts
from tests.app.training import press, progress, start
from tests.waiting import until

ROOT = Path(__file__).parents[2]
HOME_MADE = (  # words that stood on the pages
    "take it along",
    "taken along",
    "weights along",
    "bring weights",
    "rate search",
    "what came of",
    "to learn from, ",
    "check on the way",
    "by heart",
    "weights at the start",
    "rows and columns apart",
    "film strip",
)
IDS = {
    "state": (*ACTIVE, *ENDED),
    "dataset": datasets.names(),
    "update_rule": tuple(RULES),
    "norm": NORMS,
    "activation": ACTIVATIONS,
    "pool": POOLS,
    "weight_init": WEIGHT_INITS,
    "normalise": NORMALISE,
    "kind": ("conv", "pool"),
}


@pytest.mark.parametrize("words", HOME_MADE)
def test_what_the_field_has_a_word_for_is_called_by_it(words):
    texts = [ROOT / "README.md", *(ROOT / "pages").rglob("*.*"), ROOT / "cnn_core" / "training" / "presets.py"]
    read = {path: path.read_text(encoding="utf-8").lower() for path in texts if path.suffix in (".py", ".js", ".md")}
    del read[ROOT / "pages/address/former.py"]  # what links said before
    assert len(read) > 100
    # A text may go on in the next line: quotation marks, f's and breaks between its parts do not count.
    assert [path.name for path, text in read.items() if words in re.sub(r'"\s+f?"', "", text)] == []


@pytest.fixture
def other_words(monkeypatch):
    """Of every option: its id backwards, in quotation marks."""
    for key, ids in IDS.items():
        monkeypatch.setitem(WORDS, key, {option: other(option) for option in ids})


def other(option):
    return f"«{option[::-1]}»"


def shown(widget):
    return widget.options[widget.index]


@pytest.mark.parametrize(
    ("key", "option"),
    [("dataset", "fashion"), ("update_rule", "sgd"), ("block_1_norm", "batch"), ("block_1_activation", "leaky_relu"),
     ("block_1_pool", "avg"), ("hidden_activation", "tanh"), ("weight_init", "he"), ("normalise", "none")],
)  # fmt: skip
def test_settings_of_a_training_are_shown_by_their_words_and_kept_by_their_ids(other_words, key, option):
    app = open_lesson("train", **{key: option})
    assert calm(app)
    assert (control(app, key).value, shown(control(app, key))) == (option, other(option))
    first = IDS[key.removeprefix("block_1_").removeprefix("hidden_")][0]
    assert calm(change(app, key, first))
    assert (control(app, key).value, shown(control(app, key))) == (first, other(first))


def test_layers_of_a_stack_have_words(other_words):
    app = open_lesson("receptive_field", layer_1_kind="pool")
    assert calm(app)
    assert shown(control(app, "layer_1_kind")) == other("pool")
    assert any(f"| {other('pool')}1 |" in text for text in texts(app.markdown))


def test_a_run_is_told_of_in_words(other_words, registry):
    app, run = start(registry, dataset="fashion", update_rule="sgd", num_train="400", batch_size="200", num_epochs="1")
    until(lambda: run.ended)
    app = open_lesson("train", run=run.id)
    assert progress(app) == f"{other('finished')} after 2 steps"
    said = f"This training: {other('fashion')}, 400 training pictures; {run.config.network}; {other('sgd')} at "
    assert any(text.startswith(said) for text in texts(app.caption))
    app = open_lesson("runs", runs=run.id)
    row = app.dataframe[0].value.iloc[0]
    assert [row["state"], row["data set"], row["optimiser"]] == [other("finished"), other("fashion"), other("sgd")]
    assert control_of(app, "state").options == [other("finished")]
    assert control_of(app, "datasets").options == [other("fashion")]
    for text in ("fashion", other("fashion"), "finished", other("sgd")):  # found by the id as well
        assert len(app.text_input(key="find").set_value(text).run().dataframe[0].value) == 1
    app = press(open_lesson("runs", runs=run.id), "delete_one")
    assert other("finished") in control_of(app, "bring_back").options[0]


def control_of(app, key):
    (found,) = [widget for widget in app.multiselect if widget.key == key]
    return found


def test_no_two_options_have_the_same_words():
    for key, ids in IDS.items():
        words = [word_of(key, option) for option in ids]
        assert len(set(words)) == len(words), key


# What is learned here is to be found again in papers and in libraries: of each page some of the words to look it up by.
TERMS = {
    "home": ["parameters"],
    "convolution": ["Export", "parameters"],
    "data": ["Class balance", "Normalisation and augmentation", "validation pictures", "chance level"],
    "receptive_field": ["receptive field"],
    "speed": ["Arithmetic intensity", "operations and bytes"],
}


@pytest.mark.parametrize("page", TERMS)
def test_the_fields_own_terms_stand_on_the_page(page):
    app = open_lesson(page)
    parts = (app.markdown, app.subheader, app.caption)
    said = "\n".join(text for part in parts for text in texts(part))
    said += "\n".join(widget.label for widget in (*app.toggle, *app.metric))
    assert [term for term in TERMS[page] if term not in said] == []
