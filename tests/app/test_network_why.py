"""The view "Why this answer?": what is written adds up, what is drawn is the core's, and the checks say what they found."""

import base64
import json
from decimal import Decimal

import numpy as np
import pytest

from cnn_core.attribution import (
    METHODS,
    after_randomising,
    answer_sheet,
    deletion,
    insertion,
    likeness,
    pixel_terms,
    random_order,
)
from cnn_core.network import ConvBlock, NetworkSpec
from cnn_core.shares import percent
from cnn_core.training.shipped import shipped_network
from cnn_core.training.shuffled import ShuffledTraining
from pages.figures.score_sum import number_of, signed, written_sum
from pages.sections import network_why, network_why_checks
from pages.sections.network_why_checks import Outcome, verdict
from pages.server.asides import Asides
from tests.app.lesson import calm, change, open_lesson, texts, unpack
from tests.trainings import small
from tests.waiting import until

SHIPPED, CONFIG = shipped_network()
DATA = CONFIG.training_data()
X = DATA.test[0]


def why(**parameters):
    return open_lesson("network", view="why", **parameters)


def shown(app):
    """What the component was given, arrays unpacked; and the chosen method and pixel."""
    data, given = sent_pair(app)
    for name in ("values", "slopes", "paths"):
        data[name] = numbers(data[name])
    for one in data["maps"]:
        one["numbers"] = numbers(one["numbers"])
    return data, given


def sent_pair(app):
    (found,) = [c.proto for c in app.get("bidi_component") if c.proto.component_name == "convscope_answer"]
    return json.loads(found.json)


def numbers(packed):
    if packed["dtype"] == "f4":
        return np.frombuffer(base64.b64decode(packed["base64"]), "<f4")
    return unpack(packed)


def terms_of(data):
    """The written numbers of the sum, and the written score."""
    added = [Decimal(number.replace("−", "-")) for _, number, kind in data["rows"] if kind == ""]
    (score,) = [number for _, number, kind in data["rows"] if kind == "sum"]
    return added, Decimal(score.removeprefix("= ").replace("−", "-"))


def said(data):
    return next(words for words, _, kind in data["rows"] if kind == "said")


def test_the_score_is_written_as_a_sum_that_adds_up():
    app = why(picture="3")
    assert calm(app)
    data, given = shown(app)
    sheet = answer_sheet(SHIPPED, X[3:4])
    label = int(sheet.scores.argmax())
    added, score = terms_of(data)
    assert sum(added) == score
    assert float(score) == pytest.approx(sheet.scores[label], abs=0.0006)
    written = [float(sheet.terms[label].sum()), *(each[label] for each in sheet.biases.values())]
    np.testing.assert_allclose([float(number) for number in added], written, atol=0.0006)
    assert [words for words, _, kind in data["rows"] if kind == ""] == [
        "pixels",
        *(f"{name}: biases" for name in sheet.biases),
    ]
    assert data["caption"] == f"score of {DATA.dataset.class_names[label]} = pixels + biases"
    assert said(data).startswith("Nothing is left over: in float64 both sides are ")
    assert given == {"method": "gradient_times_input", "pixel": ""}


def test_the_maps_and_each_pixels_numbers_are_the_cores():
    app = why(picture="3", score="7", method="grad_cam", pixel="2-5")
    assert calm(app)
    data, given = shown(app)
    assert given == {"method": "grad_cam", "pixel": "2-5"}
    sheet = answer_sheet(SHIPPED, X[3:4])
    np.testing.assert_allclose(data["values"], X[3].ravel())
    np.testing.assert_allclose(data["slopes"], sheet.slopes[7].ravel(), rtol=1e-6)
    np.testing.assert_array_equal(data["paths"], sheet.paths.ravel())
    assert data["size"] == list(X.shape[2:]) and data["counted"]
    assert [one["id"] for one in data["maps"]] == [
        "gradient_times_input",
        *(m for m in METHODS if m != "gradient_times_input"),
    ]
    for one in data["maps"]:
        np.testing.assert_allclose(one["numbers"], METHODS[one["id"]](SHIPPED, X[3:4], 7).ravel(), rtol=1e-5, atol=1e-7)
        assert one["words"] and one["curves"] is None and len(one["facts"]) == 1
    assert [one["facts"][0] for one in data["maps"][:2]] == [
        "adds up (with the biases): yes\xa0✓",
        f"adds up: no ({data['maps'][1]['numbers'].sum():.3g}, not {sheet.scores[7]:.3g})".replace("-", "−"),
    ]
    assert data["verdict"] == ""
    assert data["maps"][0]["title"] == "pixel terms"
    assert data["walk"].startswith("?") and "way=backward&target=7&layer=input&map=0" in data["walk"]
    assert "picture=3" in data["walk"] and not {"view=", "method=", "score="} & set(
        data["walk"].replace("?", "&").split("&")
    )
    assert "view=why" not in data["walk"] and "pixel=" not in data["walk"]


def test_the_checks_are_made_when_they_are_wanted():
    app = change(why(picture="3"), "checks", True)
    assert calm(app)
    data, _ = shown(app)
    x, label = X[3:4], int(SHIPPED.scores(X[3:4]).argmax())
    known = after_randomising(SHIPPED, x, label)
    for one in data["maps"]:
        alike, heat = known[one["id"]], METHODS[one["id"]](SHIPPED, x, label)
        areas = [curve(SHIPPED, x, label, heat).area for curve in (deletion, insertion)]
        words = " ".join(one["facts"]).replace("−", "-")
        orders = [random_order(x, seed) for seed in range(4)]
        by_chance = [
            np.mean([curve(SHIPPED, x, label, order).area for order in orders]) for curve in (deletion, insertion)
        ]
        lower = f"< chance {by_chance[0]:.2f}\xa0✓" if areas[0] < by_chance[0] else f"> chance {by_chance[0]:.2f}\xa0✗"
        higher = f"> chance {by_chance[1]:.2f}\xa0✓" if areas[1] > by_chance[1] else f"< chance {by_chance[1]:.2f}\xa0✗"
        assert f"deletion {areas[0]:.2f} {lower}" in words and f"insertion {areas[1]:.2f} {higher}" in words
        verdict = "changes\xa0✓" if alike["linear1"] < 0.5 else "stays\xa0✗"
        assert f"random weights {alike['linear1']:.2f}: {verdict}" in words
        assert all(f"{layer} {value:.2f}" in " ".join(one["told"]).replace("−", "-") for layer, value in alike.items())
        assert len(one["curves"]["gone"]) == len(one["curves"]["shares"]) == 17
    assert not app.get("progress")
    assert data["verdict"].startswith("Which can be trusted here? Pixel terms adds up to the score; ")
    for one in data["maps"]:
        failed = "✗" in " ".join(one["facts"])
        clause = next(part for part in data["verdict"].split("; ") if one["title"] in part and "adds up" not in part)
        assert ("every other check is passed by" in clause) is not failed


def test_the_verdict_names_what_passes_and_what_is_blind():
    yes, no = (Outcome("adds up to the score", "", passed) for passed in (True, False))

    def others(*failed):
        return [Outcome(check, "", check not in failed) for check in ("deletion", "insertion", "random weights")]

    found = {"terms": [yes, *others()], "CAM": [no, *others()], "steep": [no, *others("deletion", "insertion")]}
    assert verdict(found | {"guided": [no, *others("insertion", "random weights")]}) == (
        "Which can be trusted here? Terms adds up to the score; every other check is passed by terms and CAM; steep does no "
        "better than chance at deletion and insertion; guided hardly changes with random weights: do not trust it."
    )
    assert verdict({"steep": [no, *others("deletion")]}).startswith(
        "Which can be trusted here? No map adds up to the score; no map passes every other check; "
    )
    assert verdict({"terms": [yes]}) == ""


def test_what_a_colour_says_is_said_of_each_map_by_its_own_meaning():
    data, _ = shown(why(picture="3"))
    read = {title: words for part in data["legend"].split(". ") for title, words in _read(part)}
    for one in data["maps"]:
        words = read[one["title"].lower()]
        below = bool((one["numbers"] < 0).any())
        assert ("minus sign" in words) is below, one["id"]
        assert ("how steep" in words) is (one["id"] in ("saliency", "smooth_grad", "guided_backpropagation"))


def _read(part):
    titles, _, words = part.partition(": ")
    return [(title.lower(), words) for title in titles.split(", ")] if words else []


def test_labels_are_shuffled_for_real_and_every_map_is_compared(monkeypatch):
    quick = ShuffledTraining(small(num_epochs=1, network=CONFIG.network, dataset=CONFIG.dataset))
    for place in (network_why, network_why_checks):
        monkeypatch.setattr(place, "shuffled", Asides(lambda config: quick))
    app = why(picture="3", checks="true")
    app.button(key="train_all").click().run()
    assert not app.exception
    until(lambda: quick.share > 0)
    app.run()
    assert [button.key for button in app.button] == ["cancel_training"]
    quick.wait()
    app = why(picture="3", checks="true")
    assert calm(app)
    learned = quick.learned()
    assert any("On shuffled labels it memorised" in text for text in texts(app.caption))
    data, _ = shown(app)
    x, label = X[3:4], int(SHIPPED.scores(X[3:4]).argmax())
    for one in data["maps"]:
        alike = likeness(METHODS[one["id"]](SHIPPED, x, label), METHODS[one["id"]](learned.network, x, label))
        assert f"shuffled labels {round(alike, 2) + 0.0:.2f}".replace("-", "−") in " ".join(one["facts"])


@pytest.mark.parametrize(
    ("blocks", "hidden", "words"),
    [
        (ConvBlock(2, activation="tanh"), "tanh", "The sheet does not hold here: tanh bends"),
        (ConvBlock(4, norm="group"), "relu", "norm1 divides by a deviation of this very picture"),
        (ConvBlock(4, norm="batch", activation="leaky_relu", pool="avg"), "relu", "Nothing is left over"),
    ],
    ids=str,
)
def test_what_the_sheet_cannot_do_is_said(registry, blocks, hidden, words):
    run = registry.start(
        small(dataset="colours", network=NetworkSpec((blocks,), (4,), hidden), num_epochs=1, batch_size=500)
    )
    until(lambda: run.ended)
    app = why(run=run.id, picture="2")
    assert calm(app)
    data, _ = shown(app)
    network, x = run.network_at(), run.config.training_data().test[0][2:3]
    sheet = answer_sheet(network, x)
    label = int(sheet.scores.argmax())
    added, score = terms_of(data)
    assert sum(added) == score and float(score) == pytest.approx(sheet.scores[label], abs=0.0006)
    assert words in said(data)
    listed = [row[0] for row in data["rows"] if row[2] == ""]
    assert ("not explained" in listed) is (not sheet.linear)
    assert ("norm1: shifts" in listed) is (blocks.norm != "none")
    if not sheet.linear:
        assert (
            f"It misses by {abs(sheet.missing[label]):.3g}, {percent(abs(sheet.missing[label] / sheet.scores[label]))}"
            in said(data)
        )
    first = data["maps"][0]
    assert (first["id"] == "terms") is bool(sheet.fixed) and first["title"] == "pixel terms"
    np.testing.assert_allclose(first["numbers"], pixel_terms(network, x, label).ravel(), rtol=1e-4, atol=1e-6)
    assert data["picture"]["channels"] == 3 and len(data["values"]) == 3 * 24 * 24


@pytest.mark.parametrize(
    ("parameter", "value", "remedy"),
    [
        ("score", "10", "must be one of predicted, 0"),
        ("method", "tea_leaves", "must be one of gradient_times_input, saliency"),
        ("pixel", "99-0", "must be row-column, up to "),
        ("pixel", "x", "must be row-column, up to "),
        ("checks", "maybe", "must be true or false"),
    ],
)
def test_a_bad_parameter_is_named_with_its_remedy_and_the_page_works(parameter, value, remedy):
    app = why(**{parameter: value})
    (warning,) = texts(app.warning)
    assert warning.startswith(f"{parameter} (={value}) in the link {remedy}")
    assert not app.exception
    assert shown(app)[1] == {"method": "gradient_times_input", "pixel": ""}


@pytest.mark.parametrize("text", ["3-8", "-1-2", "1-", "1-2-3", "", "a-b", 3, None, ["1-2"], "٣-1", "1-2\n"])
def test_what_is_no_pixel_is_none(text):
    assert not network_why.inside(text, (8, 8))


def test_a_pixel_leads_to_the_way_back_of_the_class():
    address = shown(why(picture="3"))[0]["walk"]
    parameters = dict(part.split("=") for part in f"{address[1:]}&cell=2-5".split("&"))
    there = open_lesson("network", **parameters)
    assert not there.exception and texts(there.error) == []


@pytest.mark.parametrize("seed", range(20))
def test_a_written_sum_adds_up_and_each_number_is_rounded(seed):
    rng = np.random.default_rng(seed)
    terms = rng.normal(0, 10.0 ** rng.integers(-3, 4), rng.integers(2, 13))
    score = float(terms.sum())
    written, total = written_sum(list(terms), score)
    assert sum(written) == total
    places = -written[0].as_tuple().exponent
    assert places >= 3 and len({-number.as_tuple().exponent for number in written}) == 1
    for number, exact in zip([*written, total], [*terms, score], strict=True):
        assert abs(float(number) - exact) <= 0.5000001 * 10.0**-places


def test_how_a_number_of_a_sum_is_written():
    assert [signed(Decimal(text)) for text in ("0.120", "-3.001", "0.000")] == ["+0.120", "−3.001", "+0.000"]
    assert [number_of(Decimal(text)) for text in ("0.120", "-3.001")] == ["0.120", "−3.001"]


def test_nothing_is_not_below_nothing():
    assert [network_why_checks._signed(number) for number in (-0.004, -0.0, -0.006)] == ["0.00", "0.00", "−0.01"]
    assert [network_why_checks._short(number) for number in (-0.0, -2.5, -1e-30)] == ["0", "−2.5", "−1e−30"]
