"""One agent names one device more than once."""

import pytest
from assigned import assigned
from support import AGENTS, marked, tree_of

from scmigen.devicetree.source import read_source
from scmigen.diagnostics import InputError

BODY = "gpu: gpu@1 { }; can { };"
ONE = "domains: {a: {id: 1, default: true}, b: {id: 2, access: [%s, %s]}}"
V1 = 'compatible = "openamp,domain-v1";'

FLAGS = {
    "alone-shared": ("", "flags: {shared: true}", "not shared and shared"),
    "shared-alone": ("flags: {shared: true}", "", "shared and not shared"),
    "alone-timeshare": ("", "flags: {timeshare: true}", "not shared and shared"),
    "alone-assignable": ("", "flags: {assignable: [a]}", "not assignable and assignable to a"),
    "two-assignable": (
        "flags: {assignable: [a]}",
        "flags: {assignable: [b, a]}",
        "assignable to a and assignable to a, b",
    ),
    "implied": ("flags: 0", "flags: 1", "not shared and shared"),
}
SELECTORS = {
    "label-path": ("&gpu", "/gpu@1"),
    "label-label": ("&gpu", "&gpu"),
    "name-word": ("gpu@1", "gpu"),
    "two-patterns": ("gpu*", "/g*"),
}


@pytest.mark.parametrize(("one", "other", "what"), FLAGS.values(), ids=FLAGS)
@pytest.mark.parametrize(("first", "second"), SELECTORS.values(), ids=SELECTORS)
def test_other_flags_are_an_error_at_the_second_entry(
    first: str, second: str, one: str, other: str, what: str
) -> None:
    entries = f'{{dev: "{first}", {one}}}', f'{{dev: ^"{second}", {other}}}'
    text, where = marked(ONE % entries, AGENTS)
    with pytest.raises(InputError) as raised:
        assigned(tree_of(BODY), text)
    (found,) = raised.value.diagnostics
    assert (found.id, found.position) == ("access-differs", where)
    assert found.message == f"b names /gpu@1 twice with different flags: {what}"
    assert [item.position and item.position.line for item in found.related] == [1]


def test_the_same_flags_are_one_entry() -> None:
    entries = '{dev: "&gpu", flags: {shared: true}}', '{dev: "/gpu@1", flags: {shared: true}}'
    found = assigned(tree_of(BODY), ONE % entries)
    assert [(claim.node.path, claim.shared) for claim in found.claims] == [("/gpu@1", True)]


def test_an_exact_entry_beats_a_pattern_with_other_flags() -> None:
    found = assigned(tree_of(BODY), ONE % ('{dev: "*", flags: {shared: true}}', '{dev: "&gpu"}'))
    assert {(claim.node.name, claim.exact, claim.shared) for claim in found.claims} == {
        ("", False, True),
        ("gpu@1", False, True),
        ("can", False, True),
        ("gpu@1", True, False),
    }


def test_one_error_tells_all_nodes_of_two_patterns() -> None:
    with pytest.raises(InputError) as raised:
        assigned(tree_of(BODY), ONE % ('{dev: "*"}', '{dev: "/*", flags: {shared: true}}'))
    (found,) = raised.value.diagnostics
    assert found.message.startswith("b names / and 2 more twice with different flags")


def test_two_files_and_two_entries_of_the_tree_are_held_against_each_other() -> None:
    first = "domains: {a: {id: 1, access: [{dev: '&gpu'}]}}"
    second = "domains: {a: {access: [{dev: /gpu@1, flags: {shared: true}}]}}"
    with pytest.raises(InputError) as raised:
        assigned(tree_of(BODY), first, second)
    assert [item.id for item in raised.value.diagnostics] == ["access-differs"]
    nodes = f"a {{ {V1} #access-flags-cells = <1>; access = <&gpu 1>, <&gpu 0>; }};"
    with pytest.raises(InputError) as raised:
        assigned(tree_of(f"{BODY} domains {{ {nodes} }};"))
    assert [item.id for item in raised.value.diagnostics] == ["access-differs"]


def test_a_tree_without_flags_says_nothing_about_sharing() -> None:
    body = f"/dts-v1/; / {{ {BODY} domains {{ a {{ {V1} access = <&gpu>; }}; }}; }};"
    file = "domains: {a: {access: [{dev: '&gpu', flags: {shared: true}}]}}"
    found = assigned(read_source(body, "board.dts"), file)
    assert [(claim.node.name, claim.shared) for claim in found.claims] == [("gpu@1", True)]
