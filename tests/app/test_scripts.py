"""The browser's scripts: modules joined in an order in which each has what it needs."""

import re

import pytest

from pages.animation import scripts
from tests.test_architecture import SCRIPTS

ENTRIES = [
    "player",
    "pad",
    "receptive",
    "chart",
    "gallery",
    "drawing",
    "glimpse",
    "film",
    "norm",
    "entries",
    "ways",
    "zoom",
    "overview",
    "answer",
]
FOLDER = scripts.HERE


@pytest.mark.parametrize("entry", ENTRIES)
def test_each_module_comes_once_and_after_those_it_imports(entry):
    found = scripts.order(entry)
    assert found[-1] == entry
    assert len(set(found)) == len(found)
    for number, module in enumerate(found):
        needed = scripts.IMPORT.findall((FOLDER / f"{module}.js").read_text(encoding="utf-8"))
        assert set(needed) <= set(found[:number])


@pytest.mark.parametrize("entry", ENTRIES)
def test_joined_nothing_is_imported_and_the_component_alone_is_exported(entry):
    text = scripts.script(entry)
    assert not re.search(r"^import\b", text, re.MULTILINE)
    exported = re.findall(r"^export .*", text, re.MULTILINE)
    assert len(exported) == 1
    assert exported[0].startswith("export default function(")
    assert "\n//" not in text


@pytest.mark.parametrize("module", ["drawer", "focus"])
def test_what_runs_on_every_page_holds_nothing_that_looks_like_a_tag(module):
    assert not re.search(r"<[\w/!]", scripts.script(module))  # a page's script would be taken out


def test_every_module_is_part_of_a_component():
    used = {module for entry in ENTRIES for module in scripts.order(entry)}
    apart = {
        "kernel_grid",
        "drawer",
        "focus",
    }  # its component stands with the kernels; these run on every page, without one
    assert used == {path.stem for path in SCRIPTS} - apart


def test_modules_that_import_each_other_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(scripts, "HERE", tmp_path)
    (tmp_path / "a.js").write_text('import { b } from "./b.js";\nexport const a = b;\n')
    (tmp_path / "b.js").write_text('import {\n  a,\n} from "./a.js";\nexport const b = a;\n')
    with pytest.raises(ValueError, match="a -> b -> a"):
        scripts.order("a")


def test_a_script_is_sent_without_what_means_nothing_and_texts_stay_as_they_are():
    written = """import { b } from "./b.js";
// Why.
export const a = (x) => { return x ? [1, 2] : "so : it , is" };
  const t = `one
    and , so = on
    ${a} , two`;
  const more = a + +b, i = 'x , y';
"""
    assert scripts._lean(written).splitlines() == [
        'const a=(x)=>{return x?[1,2]:"so : it , is"};',
        "const t = `one",
        "and , so = on",
        "${a} , two`;",
        "const more = a + +b, i = 'x , y';",
    ]


def test_a_stylesheet_is_sent_without_what_means_nothing(tmp_path, monkeypatch):
    (tmp_path / "one.css").write_text(
        '/* Why. */\n.a :hover, .b {\n  margin: 0 2px;\n}\n.c::after { content: "★ "; }\n'
    )
    monkeypatch.setattr(scripts, "HERE", tmp_path)
    assert scripts.style("one") == '.a :hover,.b{margin: 0 2px;}\n.c::after{content: "★ ";}\n'
