"""Find the bug: what can be chosen, what has become of it, and what a link says of that."""

import math
import re
from collections import Counter

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnn_core.mistakes import MISTAKES
from pages.figures.symptom import against, symptom_figure
from pages.sections.bug_hunt import BUGS, CHOICES, causes
from pages.server.symptoms import symptom, tried
from tests.app.lesson import as_read, calm, charts, control, open_lesson, texts

QUESTIONS = {mistake: causes(mistake) for mistake in MISTAKES.values()}
LUCK = len(MISTAKES) / CHOICES  # found by who guesses, on average


def press(app, key):
    next(button for button in app.button if button.key == key).click()
    return app.run()


def choose(app, cause):
    control(app, f"cause_{app.selectbox[0].value}").set_value(cause)
    return press(app.run(), "answer")


def address(app):
    return {key: value if isinstance(value, str) else value[0] for key, value in app.query_params.items()}


def test_the_causes_are_distinct_and_hold_the_right_one():
    for mistake, options in QUESTIONS.items():
        assert mistake in options
        assert len(set(options)) == CHOICES == len({option.name for option in options})
        assert causes(mistake) == options  # the same for everybody


def test_who_guesses_does_no_better_than_chance():
    """Whatever of the list they go by: the place, the length of the words, how often a cause is offered, or whether it is of
    the family that most of the causes are of.
    """
    offered = Counter(option for options in QUESTIONS.values() for option in options)

    def commonest(option, options):
        return [other.family for other in options].count(option.family)

    ways = [
        *(lambda option, options, place=place: options.index(option) == place for place in range(CHOICES)),
        *(lambda option, options, sign=sign: sign * len(option.name) for sign in (1, -1)),
        *(lambda option, options, sign=sign: sign * offered[option] for sign in (1, -1)),
        *(lambda option, options, sign=sign: sign * commonest(option, options) for sign in (1, -1)),
    ]
    spread = math.sqrt(LUCK * (1 - 1 / CHOICES))
    for number, way in enumerate(ways):
        found = 0.0
        for mistake, options in QUESTIONS.items():
            best = max(way(option, options) for option in options)
            ties = [option for option in options if way(option, options) == best]
            found += (mistake in ties) / len(ties)
        assert found <= LUCK + (1 if number < CHOICES else 2 * spread), number


def named(words):
    """The words of at least four letters, as they stand in a dictionary, nearly."""
    return {word.removesuffix("s") for word in re.findall(r"[a-z]{4,}", words.lower())}


def test_what_is_shown_does_not_name_what_only_the_right_cause_names():
    """Or else it could be found by its words: "dropout" over the picture, and in one of the causes."""
    for mistake, options in QUESTIONS.items():
        seen = mistake.symptom()
        names = [] if seen.kind == "maps" else [seen.found_name, seen.expected_name]  # over all maps stands the same
        shown = named(" ".join([seen.title, seen.x, seen.y, *names, *(name for name, _ in seen.also)]))
        others = set().union(*(named(option.name) for option in options if option is not mistake))
        assert not shown & (named(mistake.name) - others), mistake.id


def test_every_place_has_the_right_cause_equally_often():
    places = Counter(options.index(mistake) for mistake, options in QUESTIONS.items())
    assert set(places) == set(range(CHOICES))
    assert max(places.values()) - min(places.values()) <= 1


def test_codes_are_distinct_and_give_nothing_away():
    assert len(BUGS) == len(MISTAKES)
    for code, mistake in BUGS.items():
        assert len(code) == 4
        assert not set(mistake.id.split("-")) & {code}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_bug_opens_by_its_link_and_its_title_does_not_give_the_cause_away(mistake):
    app = open_lesson("find_the_bug", bug=mistake.code)
    assert calm(app)
    shown = " ".join(as_read(markdown.value) for markdown in app.markdown).lower()
    assert mistake.name.lower() not in shown
    assert mistake.shows.lower() not in shown
    assert len(charts(app)) == (2 if mistake.id == "train-equal-weights" else 1)
    assert list(app.radio[0].options) == [cause.name for cause in causes(mistake)]
    assert app.radio[0].value is None


def test_the_right_cause_is_praised_counted_and_explained():
    code, bug = next(iter(BUGS.items()))
    app = open_lesson("find_the_bug")
    assert next(button for button in app.button if button.key == "answer").disabled
    choose(app, code)
    assert app.success[0].value == f"**Yes:** {bug.name}."
    assert address(app) == {"found": code}
    assert "**1 of 23** found at once; 22 to go" in texts(app.markdown)
    assert [block.value for block in app.code if "pool" not in block.value][-2:] == list(bug.lines[0])
    for words in (bug.shows, bug.misses, bug.catches):
        assert any(words in markdown.value for markdown in app.markdown)
    press(app, "next_bug")
    assert address(app) == {"found": code, "bug": list(BUGS)[1]}


def test_a_wrong_cause_is_explained_and_the_bug_then_counts_as_found_with_help():
    code, bug = next(iter(BUGS.items()))
    other = next(cause for cause in causes(bug) if cause is not bug)
    app = choose(open_lesson("find_the_bug"), other.code)
    assert other.shows in app.warning[0].value
    assert against(symptom(bug.id), symptom(other.id), tried(bug.id, other.id)) in app.warning[0].value
    assert bug.hint in app.info[0].value
    assert address(app) == {"tried": code}
    choose(app, code)
    assert not app.warning
    assert address(app) == {"helped": code}
    assert "**0 of 23** found at once, 1 with help; 22 to go" in texts(app.markdown)


@pytest.mark.parametrize(
    ("id", "other", "words"),
    [
        (
            "conv-not-cropped",
            "conv-stride-backward",
            "Here the shape is wrong, which that cause leaves as it should be.",
        ),
        ("pool-overwrites", "pool-all-ties", "Run in this very case, it changes nothing that is shown."),
        ("pool-overwrites", "relu-wrong-mask", "What it changes has no part in what is shown here."),
        ("train-labels-shifted", "loss-not-a-mean", "Run in this very case, it would begin at 115.1 and end at 131.3."),
        (
            "train-equal-weights",
            "train-labels-shifted",
            "Run in this very case, its filters would differ from one another.",
        ),
        ("conv-stride-backward", "conv-empty-crop", "Run in this very case, it would give 0×0 numbers."),
        (
            "norm-mean-dropped",
            "norm-variance-constant",
            "Run in this very case, 24 of 24 numbers would be wrong, by a relative error of 0.11.",
        ),
    ],
)
def test_what_in_the_picture_speaks_against_a_cause(id, other, words):
    assert against(symptom(id), symptom(other), tried(id, other)) == words


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_numbers_that_agree_are_written_alike(mistake):
    """And the marks of an axis are powers of ten, each with its number; all curves begin at the same place."""
    seen = symptom(mistake.id)
    if seen.kind == "filters":
        return
    shown = symptom_figure(seen, "light")
    if seen.kind == "curves":
        axis = shown["layout"]["yaxis"]
        assert axis.get("type") != "log" or axis["dtick"] == 1
        assert (axis["automargin"], shown["layout"]["margin"]["l"]) == (False, 60)
        return
    texts = {}
    for trace in shown["data"][:2]:
        for number, text in zip(np.ravel(trace["z"]).tolist(), np.ravel(trace["text"]).tolist(), strict=True):
            texts.setdefault(round(number, 7), set()).add(text)
    assert all(len(written) == 1 for written in texts.values()), texts


def test_the_row_of_controls_stays_as_it_is_after_an_answer():
    app = open_lesson("find_the_bug")
    before = [button.key for button in app.button], [popover.proto.popover.label for popover in app.get("popover")]
    choose(app, next(iter(BUGS)))
    keys = [button.key for button in app.button]
    assert [key for key in keys if key != "next_bug"] == [
        key for key in before[0] if key not in ("answer", "hint", "show")
    ]
    assert [popover.proto.popover.label for popover in app.get("popover")] == before[1]


def test_what_was_shown_is_not_found_any_more():
    app = press(press(open_lesson("find_the_bug"), "hint"), "show")
    code, bug = next(iter(BUGS.items()))
    assert address(app) == {"shown": code}
    assert app.info[0].value == f"**The answer:** {bug.name}."
    assert not app.radio


@pytest.mark.parametrize(
    ("before", "what", "after"),
    [
        ("shown", "found", "shown"),
        ("helped", "found", "helped"),  # as a double click says it
        ("found", "tried", "found"),
        ("tried", "shown", "shown"),
        ("tried", "found", "helped"),
    ],
)
def test_what_has_ended_stays_so(before, what, after):
    code = next(iter(BUGS))

    def script(code, what):
        from pages.sections.bug_hunt import became

        became(code, what)

    app = AppTest.from_function(script, args=(code, what))
    app.query_params[before] = code
    assert address(app.run()) == {after: code}


def test_starting_over_can_be_undone():
    first, second, third = list(BUGS)[:3]
    app = open_lesson("find_the_bug", bug=third, found=f"{first}.{second}")
    before = address(app)
    press(app, "start_over")
    assert address(app) == {"bug": third}
    press(app, "undo")
    assert address(app) == before


def test_the_last_bug_is_followed_by_the_first():
    app = press(open_lesson("find_the_bug"), "previous")
    assert address(app) == {"bug": list(BUGS)[-1]}
    press(app, "next")
    assert address(app) == {}


@pytest.mark.parametrize("name", ["found", "helped", "shown", "tried"])
def test_what_a_link_says_of_no_bug_is_told_and_left_out(name):
    code = list(BUGS)[2]
    app = open_lesson("find_the_bug", **{name: f"{code}.zzzz..<b>"})
    assert texts(app.warning) == [
        f"{name} (=zzzz.<b>) in the link must hold codes of this page's bugs, with dots between; what is none is left out."
    ]
    assert not app.exception
    press(app, "show")
    assert not app.warning
    assert code in address(app)[name]


def test_a_bug_that_is_none_is_told_and_the_first_one_shown():
    app = open_lesson("find_the_bug", bug="zzzz")
    assert [text.split(";")[0].startswith("bug (=zzzz) in the link must be one of") for text in texts(app.warning)] == [
        True
    ]
    assert app.selectbox[0].value == next(iter(BUGS))


def test_a_bug_in_two_states_has_the_better_one():
    code = next(iter(BUGS))
    app = open_lesson("find_the_bug", tried=code, found=code, shown=f"{code}.{code}")
    assert "**1 of 23** found at once; 22 to go" in texts(app.markdown)
