"""Sources of others end in bounded time, memory and reading, whatever they say."""

import random
import subprocess
import sys
from pathlib import Path

import hostile_c as hostile
import pytest
from c_texts import IDS, RUN, TEXT, unit_of, value_of

from scmigen.csource.limits import Budget, TooMuchError
from scmigen.csource.sources import Sources
from scmigen.csource.unit import read_unit
from scmigen.csource.values import Unknown

DOUBLED = "#define A0 1 1\n" + "".join(f"#define A{n} A{n - 1} A{n - 1}\n" for n in range(1, 60))


@pytest.mark.parametrize(
    "text",
    [
        f"{DOUBLED} int a[] = {{ A59 }};",
        '#include "tables.c"\n' * 3,
        "#define F(x) F2(x) F2(x)\n#define F2(x) x x x x x x x x\nint a[] = {"
        + "F(F(F(F(F(F(F(F(F(F(1,))))))))))"
        + "};",
    ],
)
def test_macros_and_headers_without_end_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(TooMuchError):
        unit_of(tmp_path, text, Budget(tokens=200_000))


def test_loops_without_end_are_refused(tmp_path: Path) -> None:
    unit = unit_of(tmp_path, RUN, Budget(steps=5_000))
    with pytest.raises(TooMuchError):
        value_of(unit, "forever(0)")


@pytest.mark.parametrize(
    "text",
    [
        "int a = " + "(" * 5000 + "1" + ")" * 5000 + ";",
        "int a = " + "-" * 5000 + "1;",
        "int a = " + "{" * 5000 + "1" + "}" * 5000 + ";",
        "int a = " + "1 ? " * 5000 + "1" + " : 2" * 5000 + ";",
        "int " + "(" * 5000 + "a" + ")" * 5000 + " = 1;",
    ],
)
def test_nesting_is_bounded(tmp_path: Path, text: str) -> None:
    assert isinstance(unit_of(tmp_path, text).object("a"), Unknown)


@pytest.mark.parametrize(
    "text",
    [
        "int a = 1 << 1000000000;",
        "int a[1 << 30] = { [1 << 29] = 3 };\nint b = a[0];",
        "int " + "*" * 5000 + "a = 1, b = sizeof(a) / sizeof(a);",
        "enum { A = B, B = A };\nint a = A;",
        "int a = a + 1;",
        "struct s { struct s inner; };\nstruct s a = { 1 };\nint b = a.inner.inner.x;",
        "typedef t t;\nt a = 3, b = sizeof(t);",
        'int a = "' + "x" * 100_000 + '"[0];',
    ],
)
def test_values_without_bounds_are_unknown_or_small(tmp_path: Path, text: str) -> None:
    unit = unit_of(tmp_path, text)
    for name in ("a", "b"):
        unit.object(name)
    assert unit.evaluator.budget.steps > 0


def test_nothing_is_read_outside_of_the_folders_that_are_named(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    inside = tmp_path / "inside"
    for folder in (outside, inside):
        folder.mkdir()
    (outside / "secret.h").write_text("#define SECRET 42\n")
    (inside / "linked.h").symlink_to(outside / "secret.h")
    (inside / "a.c").write_text(
        '#include "../outside/secret.h"\n#include "linked.h"\n'
        f'#include "{outside}/secret.h"\n#include </etc/hostname>\nint a = SECRET;\n'
    )
    sources = Sources([inside], [inside], Budget())
    unit = read_unit(inside / "a.c", sources, {})
    assert unit is not None
    assert isinstance(unit.object("a"), Unknown)
    assert [Path(file).name for file in sources.files] == ["a.c"]


def test_damaged_sources_never_raise(tmp_path: Path) -> None:
    dice = random.Random(16)
    whole = TEXT + RUN
    for turn in range(300):
        text = list(whole)
        for _ in range(dice.randint(1, 6)):
            place = dice.randrange(len(text))
            text[place : place + dice.randint(0, 9)] = dice.choice(
                ["", "{", "}", "(", ")", '"', "'", "#", "\n#if ", "\\\n", "/*", ",", "\0", "é"]
            )
        try:
            unit = unit_of(tmp_path, "".join(text), Budget(tokens=100_000, steps=20_000), ids=IDS)
            for name in [*unit.known.variables]:
                unit.object(name)
            for call in ("made(0)", "chosen(0)", "measured(0)"):
                value_of(unit, call)
        except TooMuchError:
            assert turn >= 0


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a process tells of each hostile source."""
    folder = tmp_path_factory.mktemp("hostile")
    found = subprocess.run(
        [sys.executable, hostile.__file__, folder], check=True, capture_output=True, text=True
    )
    return dict(zip(hostile.TEXTS, found.stdout.splitlines(), strict=True))


@pytest.mark.parametrize("name", hostile.TEXTS)
def test_hostile_sources_end_within_seconds_and_a_bounded_memory(
    told: dict[str, str], name: str
) -> None:
    seconds, megabytes, outcome = told[name].split(" ", 2)
    assert float(seconds) < 5
    assert int(megabytes) < 300
    assert outcome.startswith("refused: ") or name == "a structure in itself"
