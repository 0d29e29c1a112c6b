"""Text that is not ours, as the pages hand it to the browser's markdown."""

import ast
import re
from pathlib import Path

import pytest

from pages.address import messages
from pages.address.messages import plain
from pages.sections.run_table import cells
from tests.app.lesson import as_read
from tests.trainings import SHORT

HOSTILE = (
    "www.evil.example",
    "WWW.evil.example/login",
    "https://evil.example/login",
    "see (http://evil.example)",
    "me@evil.example",
    "<https://evil.example>",
    "[log in](https://evil.example)",
    "![x](https://evil.example/pixel.png)",
    ":material/delete: :smile: :red[x] :streamlit:",
    "a -> b <- c -- d >= e <= f",
    "1. one",
    "- one",
    "# one",
    "&lt;b&gt; <b>x</b>",
    "$x$ `y` ~~z~~ *w* _v_",
    "| a | b |",
)
# The patterns that the browser's markdown looks for in text, after backslashes are gone.
LINKS = (
    r"(https?://|www(?=\.))([-.\w]+)",
    r"([-.\w+]+)@([-\w]+(\.[-\w]+)+)",
    r":[\w+-]+:",
    r":material/",
    r"(->|<-|--|>=|<=|~=)",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_plain_text_reads_as_it_is_and_holds_no_pattern(text):
    shown = re.sub(r"\\([^\sA-Za-z0-9])", r"\1", plain(text))
    assert as_read(plain(text)) == text
    assert not [pattern for pattern in LINKS if re.search(pattern, shown, re.IGNORECASE)]


def test_lines_are_not_code_because_they_are_indented():
    assert as_read(plain("one\n    two\n\tthree")) == "one\ntwo\nthree"


SHOWN = {
    "markdown",
    "caption",
    "info",
    "success",
    "warning",
    "error",
    "image",
    "metric",
    "subheader",
    "progress",
    "toast",
}
THEIRS = {"title", "titles", "names", "note", "source", "message", "dataset", "class_names", "error"}


def unescaped(tree):
    """Names of text that is not ours in calls that show markdown, outside of `plain` and of what is no text."""
    for call in ast.walk(tree):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in SHOWN):
            continue
        if ast.unparse(call.func).startswith("messages."):
            continue
        waiting = [*call.args, *(keyword.value for keyword in call.keywords)]
        while waiting:
            node = waiting.pop()
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("plain", "len", "as_url")):
                continue
            if isinstance(node, ast.Attribute | ast.Name) and ast.unparse(node).split(".")[-1] in THEIRS:
                yield f"{call.lineno}: {ast.unparse(node)}"
            waiting += ast.iter_child_nodes(node)


OURS = {"dataset", "kind.title", "KINDS[name].title", "kind.source", "preset.title", "titles", "names[0]", "names"}
FILES = sorted((Path(__file__).parents[2] / "pages").glob("*/*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_text_that_is_not_ours_is_shown_as_plain_text(path):
    found = [text for text in unescaped(ast.parse(path.read_text(encoding="utf-8"))) if text.split(": ")[1] not in OURS]
    assert found == []


def test_the_check_sees_such_text():
    assert list(unescaped(ast.parse('st.caption(f"of {data.title}")'))) == ["1: data.title"]
    assert list(unescaped(ast.parse("column.markdown(plain(run.note))"))) == []


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-2+3", "@SUM(A1)", " =1", "\t=1", "\n|cmd"])
def test_what_a_spreadsheet_would_carry_out_is_a_text_there(text):
    assert messages.cell(text)[0] == messages.JOINER
    assert messages.cell(text)[1:] == text


@pytest.mark.parametrize("text", ["", "first try", "a=b", "1-2", "🙂"])
def test_any_other_cell_is_as_it_is(text):
    assert messages.cell(text) == text


def test_the_table_of_runs_holds_no_formulas(registry):
    run = registry.start(SHORT)
    registry.describe(run.id, name='=HYPERLINK("https://evil.example")', note="@SUM(A1)")
    (row,) = registry.rows()
    shown = cells(row, None, None)
    assert [value for value in shown.values() if str(value)[:1] in ("=", "+", "-", "@")] == []
    assert shown["name"].endswith('evil.example")')
