"""Bundles: a module's function fills a module as its own file does."""

import os
import shutil
import subprocess
import sys
from dis import get_instructions
from inspect import get_annotations
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest
from conftest import REPOSITORY

from scmigen.bundle_source import bundle_source, function_lines, methods_source

#: What is easily broken by moving it into a function.
TEXT = '''"""What it is."""

import os.path
from sys import (
    path as searched,
)

LIMIT: int = (
    3
)  # with a comment
later: "str"
TEXT = """two
    lines {}
""".format(LIMIT)
LONG = "a" \\
    "b"


def counted(
    first: "dict[str, int]",
    /,
    *rest: int,
    é: tuple[int, ...] = (LIMIT, 2),
    **named: object,
) -> dict[
    str, int
]:
    """What it does."""
    global LIMIT
    LIMIT += 1

    def inner() -> None:
        """Nothing."""

    made: list[int] = [x for x in rest]
    return {f"""{LIMIT}
{key}""": value for key, value in first.items()} | {"rest": sum(made), "x": inner()}


class Point:
    """A class."""

    x: int
    y: int = LIMIT

    class Inside:
        pass

    def of(self) -> "Point":
        return Point()


if LIMIT:
    chosen: int = 1
try:
    from nowhere import nothing
except ImportError as problem:
    nothing = str(problem)
for each in range(2):
    squares = [y := each * n for n in range(3)]
with open(os.devnull) as file:
    del file
match LIMIT:
    case [first, *_]:
        pass
    case number:
        pass
'''


def filled(text: str) -> dict[str, Any]:
    module = ModuleType("m")
    exec(text, module.__dict__)
    return module.__dict__


def from_bundle(text: str) -> dict[str, Any]:
    module = ModuleType("m")
    exec(filled(bundle_source({"m": text}))["BODIES"]["m"].__code__, module.__dict__)
    return module.__dict__


def test_a_function_does_what_the_module_does() -> None:
    here, there = filled(TEXT), from_bundle(TEXT)
    gone = {"__doc__", "__annotations__", "__annotate__", "__builtins__"}
    assert here.keys() - gone == there.keys() - gone
    plain = [name for name, value in here.items() if isinstance(value, str | int | list)]
    assert {"TEXT", "LONG", "nothing", "squares", "y", "number", "chosen"} < {*plain}
    assert [there[name] for name in plain if name not in gone] == [
        here[name] for name in plain if name not in gone
    ]
    for found in (here, there):
        assert found["counted"]({"a": 1}, 2, 3) == {"4\na": 1, "rest": 5, "x": None}
        assert found["LIMIT"] == 4
        assert found["counted"].__kwdefaults__ == {"é": (3, 2)}
        assert found["Point"].__qualname__ == "Point"
        assert found["Point"].Inside.__qualname__ == "Point.Inside"
        assert found["Point"]().of().y == 3
        assert get_annotations(found["Point"], eval_str=True) == {"x": int, "y": int}
    assert there["counted"].__annotations__ == {}
    assert there["counted"].__doc__ is None


def test_what_cannot_be_in_a_function_is_refused() -> None:
    with pytest.raises(SyntaxError):
        bundle_source({"m": "from os import *\n"})


def test_all_modules_can_be_functions_with_their_names() -> None:
    for path in sorted((REPOSITORY / "scmigen").rglob("*.py")):
        names: dict[str, Any] = {}
        exec("".join(function_lines(path.read_text("utf-8"))), names)
        assert isinstance(names["body"], FunctionType)
        # A local name would not be one of the module's. Comprehensions of Python 3.12 have some.
        code = names["body"].__code__
        module = compile(path.read_text("utf-8"), str(path), "exec")
        its = {each.argval for each in get_instructions(module) if each.opname == "STORE_NAME"}
        assert its.isdisjoint(code.co_varnames + code.co_cellvars), path


#: A package and modules in it, and whether each is there after those that it imports.
PART = {
    "scmigen.part": "from scmigen.part.one import ONE\nfrom scmigen.part.same import same\n",
    "scmigen.part.one": "ONE = __file__, __name__, __package__, __spec__.origin\n",
    "scmigen.part.same": "def same():\n    return __file__\n",
}
ORDERS = {"as in a wheel": [*reversed(PART)], "as in another Python": [*PART]}


@pytest.fixture(params=ORDERS)
def wheel(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A copy of the package's front, with a bundle of a package and modules in it."""
    package = tmp_path / "scmigen"
    (package / "bundled").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "bundles.py").write_text((REPOSITORY / "scmigen" / "bundles.py").read_text())
    texts = {name: PART[name] for name in ORDERS[request.param]}
    (package / "bundled" / "a.py").write_text(bundle_source(texts))
    (package / "bundled" / "__init__.py").write_text(
        "COMMANDS = ['check']\n"
        "PACKAGES = ['scmigen.part']\n"
        f"BUNDLE_OF = {dict.fromkeys(texts, 'a')}\n"
    )
    (package / "part").mkdir()
    (package / "part" / "__init__.py").write_text("ONE = 'its own file'\n")
    (package / "part" / "two.py").write_text("TWO = 'not in a bundle'\n")
    return tmp_path


def said(folder: Path, program: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_modules_of_a_bundle_are_where_their_files_are(wheel: Path) -> None:
    program = (
        "from scmigen.bundles import use_bundles; use_bundles('check')\n"
        "from scmigen import part; from scmigen.part.two import TWO\n"
        "print(part.ONE, part.__path__, part.__file__, TWO)\n"
        "import scmigen.part.one; print(scmigen.part.one.ONE is part.ONE, part.same())\n"
        "import importlib; print(importlib.reload(part).ONE)"
    )
    part = str(wheel / "scmigen" / "part")
    one = (f"{part}/one.py", "scmigen.part.one", "scmigen.part", f"{part}/one.py")
    expected = (
        f"{one} {[part]} {part}/__init__.py not in a bundle\nTrue {part}/same.py\nits own file\n"
    )
    assert said(wheel, program) == expected


def test_other_commands_and_a_source_tree_have_the_files(wheel: Path) -> None:
    program = (
        "from scmigen.bundles import use_bundles; use_bundles('serve')\n"
        "from scmigen.part import ONE; print(ONE)"
    )
    assert said(wheel, program) == "its own file\n"
    shutil.rmtree(wheel / "scmigen" / "bundled")
    assert said(wheel, program.replace("serve", "check")) == "its own file\n"


def test_methods_of_data_are_what_a_wheel_brings(wheel: Path) -> None:
    """One class has its text there, with a mark in place of the assignment; another has none."""
    for name in ("data.py", "tuples.py"):
        shutil.copy(REPOSITORY / "scmigen" / name, wheel / "scmigen" / name)
    text = "def _(_self, /, _0):\n    _self._0 = _0"
    brought = methods_source([text]).replace("_self._0 = _0\n\n", "_self._0 = 'brought', _0\n\n")
    (wheel / "scmigen" / "bundled" / "methods.py").write_text(brought)
    program = (
        "from scmigen.data import Data\n"
        "class One(Data, frozen=False):\n    x: int\n"
        "class Two(Data, frozen=False):\n    x: int\n    y: int = 2\n"
        "print(One(1), Two(1), One.__init__.__qualname__)\n"
        "One()\n"
    )
    with pytest.raises(subprocess.CalledProcessError) as failed:
        said(wheel, program)
    assert failed.value.stdout == "One(x=('brought', 1)) Two(x=1, y=2) One\n"
    assert "One() missing 1 required positional argument: 'x'" in failed.value.stderr
