"""What is no agents file, or is made to do harm: a diagnostic, soon, and nothing worse."""

from contextlib import suppress

import pytest
import yaml
from assigned import assigned
from hypothesis import given, settings
from hypothesis import strategies as st
from support import AGENTS, soc

from scmigen.assignment import located
from scmigen.assignment.bounds import MAX_NESTING, MAX_SIZE, MAX_VALUES
from scmigen.assignment.domains_file import MAX_CLAIMS
from scmigen.assignment.problems import MAX_PROBLEMS
from scmigen.diagnostics import Diagnostic, InputError, Position

GPU = soc("gpu: gpu { };")
KEYS = (
    *("id", "scmi", "role", "transport", "type", "default", "access", "dev", "flags", "shared"),
    *("assignable", "grant", "clock", "operations", "managed", "devices", "owners", "agent"),
    *("drivers", "assume", "clock-rate", "vendor", "parent", "domains", "compatible", "<<+"),
    *("access-implicit-default", "timeshare", "shmem", "permissions", "extra"),
)


def refused(text: str) -> list[Diagnostic]:
    with pytest.raises(InputError) as raised:
        assigned(soc("gpu { };"), text)
    return list(raised.value.diagnostics)


BROKEN = [
    ("domains: {a: {id: 1}", "1:21"),
    ("domains: {a: {id: 1}\n", "2:1"),
    ("{a: 1,\rb: 2", "2:5"),
    ("domains:\n\ta: 1", "2:1"),
    ("a: b: c", "1:5"),
    ("a: *b", "1:4"),
    ("'open", "1:6"),
    ("%YAML 9.9\n---\na: 1", "1:1"),
    ("a: 1\n---\nb: 1", "2:1"),
    ("!!python/object/apply:os.system ['true']", None),
    ("a: \x07", "1:4"),
    ("a: 1\n\x1b[2J: 1", "2:1"),
    pytest.param("a: \ud800", "1:4", id="surrogate"),
    # What an editor shows as one comment, and YAML reads as two lines.
    ("a: 1\n# one\u2028b: 2", "2:6"),
    ("# one\x85b: 2", "1:6"),
]


@pytest.fixture(params=["CSafeLoader", "SafeLoader"])
def _each_loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With libyaml, and as where PyYAML was built without it."""
    monkeypatch.setattr(located, "_Loader", getattr(yaml, request.param))


@pytest.mark.usefixtures("_each_loader")
@pytest.mark.parametrize(("text", "where"), BROKEN)
def test_no_yaml(text: str, where: str | None) -> None:
    found = refused(text)
    assert {p.id for p in found} == {"agents-file"}
    assert all(p.position and p.position.file == AGENTS for p in found)
    assert where is None or str(found[0].position) == f"{AGENTS}:{where}"


OPENINGS = {"list": "[", "mapping": "{a: ", "item": "- ", "key": "? ", "line": "[\n"}


@pytest.mark.usefixtures("_each_loader")
@pytest.mark.parametrize("opening", OPENINGS.values(), ids=OPENINGS)
@pytest.mark.parametrize("depth", [MAX_NESTING + 1, 999, 1001, 100_000])
def test_deep_nesting_is_refused_where_it_becomes_too_deep(opening: str, depth: int) -> None:
    """The bound is ours whatever bound the YAML library has, and whenever it reports it."""
    (found,) = refused(opening * depth)
    assert f"deeper than {MAX_NESTING}" in found.message
    where = Position(AGENTS, 1, len(opening) * MAX_NESTING + 1)
    if opening == "[\n":
        where = Position(AGENTS, MAX_NESTING + 1, 1)
    assert found.position == where


@pytest.mark.usefixtures("_each_loader")
@pytest.mark.parametrize("depth", [MAX_NESTING + 1, 100_000])
def test_deep_nesting_behind_a_lone_carriage_return(depth: int) -> None:
    """It ends a line for YAML, and so it does for the position."""
    (found,) = refused("# one\r" + "[" * depth)
    assert found.position == Position(AGENTS, 2, MAX_NESTING + 1)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}")], ids=["list", "map"])
def test_nesting_up_to_the_bound_is_read(opening: str, closing: str) -> None:
    inner = MAX_NESTING - 2
    text = f"domains: {{a: {{id: 1, memory: {opening * (inner - 1)}{closing * (inner - 1)}}}}}"
    assigned(GPU, text)


def test_an_alias_of_itself() -> None:
    (found,) = refused("domains: &d\n  a: {id: 1, scmi: *d}")
    assert "alias *d is part of what it refers to" in found.message
    assert str(found.position) == f"{AGENTS}:2:20"


def test_aliases_that_grow() -> None:
    """Nine lists of nine aliases each: 400 million values when written out."""
    lines = ["platform:", "  drivers:", "    a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    for i in range(1, 9):
        names = ", ".join([f"*a{i - 1}"] * 9)
        lines.append(f"    a{i}: &a{i} [{names}]")
    (found,) = refused("\n".join(lines))
    assert f"more than {MAX_VALUES} values" in found.message


def test_a_file_of_many_values() -> None:
    (found,) = refused("platform: {managed: [" + "x, " * MAX_VALUES + "]}")
    assert f"more than {MAX_VALUES} values" in found.message


def test_a_huge_file() -> None:
    (found,) = refused("#" * (MAX_SIZE + 1))
    assert "larger than" in found.message


def test_many_mistakes() -> None:
    text = "domains: {a: {id: 1, access: [" + "{dev: '&x'}, " * 1000 + "]}}"
    assert len(refused(text)) == MAX_PROBLEMS


def test_patterns_that_match_everything() -> None:
    nodes = "".join(f"n{i} {{ }};" for i in range(400))
    entries = "{dev: '*'}, " * (MAX_CLAIMS // 400 + 1)
    text = f"domains: {{a: {{id: 1, access: [{entries}]}}}}"
    with pytest.raises(InputError) as raised:
        assigned(soc(nodes), text)
    assert f"more than {MAX_CLAIMS} times" in raised.value.diagnostics[0].message


def test_a_pattern_that_could_backtrack() -> None:
    pattern = "*a" * 40 + "b"
    text = f"domains: {{a: {{id: 1, access: [{{dev: '{pattern}'}}]}}}}"
    found = assigned(soc(f"{'a' * 200} {{ }};"), text)
    assert [p.id for p in found.diagnostics] == ["glob-unmatched"]


VALUES = st.recursive(
    st.sampled_from(["x", 1, True, None, "&gpu", "*", "&cc 1", "", -1, 0.5, "smc", "vm"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*KEYS, 5, None]), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(VALUES, VALUES)
def test_any_values(domain: object, platform: object) -> None:
    """Whatever stands where: an assignment, or diagnostics with positions."""
    text = yaml.safe_dump({"domains": {"a": domain}, "platform": platform})
    found: tuple[Diagnostic, ...] = ()
    try:
        assigned(GPU, text)
    except InputError as raised:
        found = raised.diagnostics
    assert all(item.position and item.position.line for item in found)


@settings(deadline=None)
@given(st.text(alphabet="domains: {}[]&*!|>-'\"\n\t#%@a1,?", max_size=80))
def test_any_text(text: str) -> None:
    with suppress(InputError):
        assigned(GPU, text)


@pytest.mark.parametrize("number", ["9" * 5000, "0x" + "f" * 5000, "0o9", "1e3", "1.0", "0b"])
def test_numbers_that_are_none(number: str) -> None:
    (found,) = refused(f"domains: {{a: {{id: {number}}}}}")
    assert "id must be a number" in found.message
    assert len(found.message) < 200
