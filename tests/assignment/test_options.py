"""Options of the platform and switches of checks in several agents files."""

from itertools import permutations

import pytest
from assigned import AGENTS, assigned
from support import SOC, TWO_AGENTS, tree_of

from scmigen.diagnostics import InputError, Position

# Two values of each option, and the id of what is wrong with both together.
OPTIONS = {
    "vendor": ("vendor: acme", "vendor: other", "option-differs"),
    "sub-vendor": ("sub-vendor: acme", "sub-vendor: other", "option-differs"),
    "grace": ("system-power: {grace: 1}", "system-power: {grace: 2}", "option-differs"),
    "clock-rate": ("assume: {clock-rate: 1}", "assume: {clock-rate: 2}", "option-differs"),
    "assumed": (
        "assume: {values: [{clock: '&cc 1', rates: [1]}]}",
        "assume: {values: [{clock: '&cc 0x1', rates: [2]}]}",
        "option-differs",
    ),
    "extra": ("extra: {clocks: {a: {latency: 1}}}", "extra: {clocks: {}}", "option-differs"),
    "owner": (
        "owners: [{clock: '&cc 1', agent: a}]",
        "owners: [{clock: '&cc 0x1', agent: b}]",
        "option-differs",
    ),
    "managed-fixed": ("managed: ['&cc']", "fixed: ['/clock-controller@1000']", "provider-differs"),
    "managed-local": ("managed: ['&cc']", "local: ['clock-*']", "provider-differs"),
    "fixed-local": ("fixed: ['&cc']", "local: ['&cc']", "provider-differs"),
}


@pytest.mark.parametrize(
    ("one", "other", "identifier"),
    [
        pytest.param(one, other, identifier, id=f"{name}-{order}")
        for name, (*values, identifier) in OPTIONS.items()
        for order, (one, other) in zip(("in-order", "reversed"), permutations(values), strict=True)
    ],
)
def test_an_option_of_two_files(one: str, other: str, identifier: str) -> None:
    tree = tree_of(SOC)
    first, second = f"platform: {{{one}}}", f"platform: {{{other}}}"
    alone = assigned(tree, TWO_AGENTS, first).options
    assert assigned(tree, TWO_AGENTS, first, first).options == alone
    assert assigned(tree, TWO_AGENTS, "platform: {}", first).options.vendor == alone.vendor
    with pytest.raises(InputError) as raised:
        assigned(tree, TWO_AGENTS, first, second)
    (found,) = raised.value.diagnostics
    assert found.id == identifier
    assert [item.file for item in places(found.position, *(r.position for r in found.related))] == [
        "3.yaml",
        "2.yaml",
    ]


def places(*positions: Position | None) -> list[Position]:
    return [position for position in positions if position is not None]


def test_a_check_is_switched_once() -> None:
    first = "checks: {rate-twice: {severity: off, reason: why}}"
    again = assigned(tree_of(SOC), TWO_AGENTS, first, first).switches
    assert [(switch.word, switch.severity) for switch in again] == [("rate-twice", "off")]
    for other in ("{severity: note, reason: why}", "{severity: off, reason: because}"):
        with pytest.raises(InputError) as raised:
            assigned(tree_of(SOC), TWO_AGENTS, first, f"checks: {{rate-twice: {other}}}")
        (found,) = raised.value.diagnostics
        assert found.id == "option-differs"
        assert [item.position and item.position.file for item in found.related] == ["2.yaml"]


def test_a_domain_may_be_described_in_several_files() -> None:
    found = assigned(
        tree_of("u: u { };" + SOC),
        "domains: {a: {id: 1, scmi: {role: vm}}}",
        'domains: {a: {access: [{dev: "&u"}]}}',
    )
    assert [(agent.name, agent.role) for agent in found.agents] == [("a", "vm")]
    assert [(claim.agent, claim.position and claim.position.file) for claim in found.claims] == [
        ("a", "2.yaml")
    ]


def test_a_file_that_cannot_be_read_does_not_hide_what_is_wrong_in_others() -> None:
    with pytest.raises(InputError) as raised:
        assigned(tree_of(SOC), "domains: [", "domains: {a: {defualt: true}}")
    files = [item.position and item.position.file for item in raised.value.diagnostics]
    assert files == [AGENTS, "2.yaml"]
