"""What the compiler of templates makes, what it rejects, and what is kept of it between runs."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from scmigen.targets.common import template_source
from scmigen.targets.common.filling import Filters, UndefinedError
from scmigen.targets.common.template_compiler import TemplateError, module_source


def filled(text: str, filters: Filters | None = None, /, **context: object) -> str:
    """The text that the template ``a/a.j2`` makes."""
    return of_folder({"a/a.j2": text}, context, filters)


def of_folder(
    texts: Mapping[str, str], context: Mapping[str, object], filters: Filters | None = None
) -> str:
    module: dict[str, Any] = {}
    exec(module_source("a", texts), module)
    found: str = module["TEMPLATES"]["a/a.j2"](context, filters or {})
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("100 % {{ x }}\n", "100 % 7\n"),
        ("100 %\n%s", "100 %\n%s"),
        ("{{ '%d' % x }}", "7"),
        ("{{ 'a' ~ x ~ 'b' }}{{ 'no' if not x }}", "a7b"),
        ("{% for n in [3, 4] %}{{ loop.index }}{{ n }}{{ '.' if loop.last }}{% endfor %}", "1324."),
        ("{% for n in [] %}{{ n }}{% else %}none{% endfor %}", "none"),
        ("{% for n in [1, 2, 3] if n > 1 %}{{ loop.index0 }}{{ n }} {% endfor %}", "02 13 "),
        ("{% for x in [1] %}{{ x }}{% endfor %}{{ x }}", "17"),
        ("{% if x %}{% set y = 1 %}{% endif %}{{ y }}", "1"),
        ("{% for n in [1] %}{% if n %}{% set x = 2 %}{% endif %}{{ x }}{% endfor %}{{ x }}", "27"),
        ("{{ {'k': (1, 2)}['k'][1] }}{{ [1, 2, 3][1:] }}", "2[2, 3]"),
        ("{{ x is none }}{{ x is defined }}{{ no is defined }}", "FalseTrueFalse"),
        ("{% macro m(a, b=2) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}{{ m(1, b=3) }}", "1213"),
    ],
)
def test_text(text: str, expected: str) -> None:
    assert filled(text, x=7) == expected


def test_macros_and_included_templates_of_the_folder() -> None:
    texts = {
        "a/a.j2": '{% from "a/m.j2" import m %}{{ m(x) }}{% include "a/b.j2" %}',
        "a/b.j2": "({{ x }})",
        "a/m.j2": "{% macro m(of) %}<{{ of }}>{% endmacro %}",
    }
    assert of_folder(texts, {"x": 1}) == "<1>(1)"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{{ no }}", "'no' is undefined"),
        ("{% if no %}{% endif %}", "'no' is undefined"),
        ("{% for each in no %}{% endfor %}", "'no' is undefined"),
        ("{{ x.no }}", "'int object' has no attribute 'no'"),
        ("{{ x.no.more }}", "'int object' has no attribute 'no'"),
        ("{{ many[2] }}", "tuple object has no element 2"),
        ("{{ none.no ~ 1 }}", "'None' has no attribute 'no'"),
        ("{{ many[0] + no }}", "'no' is undefined"),
        ("{{ no == 1 }}", "'no' is undefined"),
        ("{{ no(1) }}", "'no' is undefined"),
        ("{{ no | length }}", "'no' is undefined"),
    ],
)
def test_what_the_context_lacks_is_an_error(text: str, told: str) -> None:
    with pytest.raises(UndefinedError) as error:
        filled(text, x=7, many=(1, 2))
    assert str(error.value) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("\n{% block b %}{% endblock %}", "a/a.j2:2: Block is not compiled"),
        ("{% filter upper %}a{% endfilter %}", "a/a.j2:1: FilterBlock is not compiled"),
        ("{% for a in b recursive %}{% endfor %}", "a/a.j2:1: For is not compiled"),
        ("{% for a in b %}{{ loop.cycle }}{% endfor %}", "a/a.j2:1: loop.cycle is not compiled"),
        ("{{ loop.first }}", "a/a.j2:1: there is no loop"),
        ("{{ a is odd }}", "a/a.j2:1: the test odd is not compiled"),
        ('{% from "a/b.j2" import m %}', "a/a.j2:1: no macro 'm' in a/b.j2"),
        ("{% macro m() %}{% endmacro %}{{ m }}", "a/a.j2:1: m is no value here"),
        ("{% set x = 1 %}{% macro m() %}{{ x }}{% endmacro %}", "a/a.j2:1: x is no value here"),
        ("{{ f(*a) }}", "a/a.j2:1: Call is not compiled"),
    ],
)
def test_what_is_not_compiled_is_named_with_its_line(text: str, told: str) -> None:
    with pytest.raises(TemplateError) as error:
        module_source("a", {"a/a.j2": text})
    assert str(error.value) == told


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A source tree with one template; what is made of it is kept in ``scmigen`` beside it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(template_source.resources, "directory", lambda _name: tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "a.j2").write_text("{{ x }}")
    return tmp_path


def rendered() -> str:
    return template_source.compiled("a")["a/a.j2"]({"x": 1}, {})


def test_a_compiled_template_is_kept_and_used(tree: Path) -> None:
    assert rendered() == "1"
    (kept,) = (tree / "scmigen").iterdir()
    before = kept.stat().st_mtime_ns
    assert rendered() == "1"
    assert kept.stat().st_mtime_ns == before


def test_one_made_from_another_text_is_not_used(tree: Path) -> None:
    rendered()
    (tree / "a" / "a.j2").write_text("{{ x + 1 }}")
    assert rendered() == "2"


def test_no_flipped_byte_and_no_cut_ends_a_run(tree: Path) -> None:
    """Python reads code without bounds: a damaged file must not get that far."""
    rendered()
    (kept,) = (tree / "scmigen").iterdir()
    good = kept.read_bytes()
    every_16th = range(0, len(good), 16)
    flipped = (good[:at] + bytes([good[at] ^ 0xFF]) + good[at + 1 :] for at in every_16th)
    for content in (b"", b"nonsense", good[:4], good[:5], good[:-1], *flipped):
        kept.write_bytes(content)
        assert rendered() == "1"
        assert kept.read_bytes() == good


def test_jinja_is_not_imported_where_a_wheel_is_installed(tmp_path: Path) -> None:
    """The modules of a wheel are found by name; here is one in their place."""
    package = tmp_path / "compiled_templates"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "a.py").write_text(module_source("a", {"a/a.j2": "{{ x }}"}))
    code = (
        f"import scmigen, sys; scmigen.__path__.append({str(tmp_path)!r}); "
        "from scmigen.targets.common.templates import render; "
        "print(render('a/a.j2', x=1), 'jinja2' in sys.modules)"
    )
    command = [sys.executable, "-c", code]
    assert (
        subprocess.run(command, capture_output=True, text=True, check=True).stdout == "b'1' False\n"
    )
