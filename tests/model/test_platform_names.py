"""Platforms are called as their SCMI nodes, each by a name of its own."""

import pytest
from support import model_of, tree_of

from scmigen import Kind


def node(name: str, number: int) -> str:
    return f"""
    {name} {{ compatible = "arm,scmi-smc"; arm,smc-id = <{number}>; shmem = <&m{number}>;
        #address-cells = <1>; #size-cells = <0>;
        c{number}: protocol@14 {{ reg = <0x14>; #clock-cells = <1>; }}; }};"""


def board(*places: tuple[str, str]) -> str:
    """A board with an SCMI node at each (parent, name), and a device that has its clock 5."""
    parents = dict.fromkeys(parent for parent, _ in places)
    nodes = {
        parent: "".join(node(name, n) for n, (above, name) in enumerate(places) if above == parent)
        for parent in parents
    }
    body = "#address-cells = <1>; #size-cells = <1>;"
    body += "".join(f"{parent} {{ {text} }};" for parent, text in nodes.items())
    for n in range(len(places)):
        body += f'm{n}: m@{n}000 {{ compatible = "arm,scmi-shmem"; reg = <{n:#x}000 0x80>; }};'
        body += f"uart@9{n} {{ compatible = 'acme,uart'; reg = <0x9{n} 1>; clocks = <&c{n} 5>; }};"
    return body.replace("'", '"')


@pytest.mark.parametrize(
    ("places", "names"),
    [
        ([("firmware", "scmi"), ("firmware", "scmi-ap")], ["scmi", "scmi-ap"]),
        ([("firmware", "scmi"), ("soc", "scmi")], ["scmi", "scmi-1"]),
        (
            [("firmware", "scmi"), ("firmware", "scmi-1"), ("soc", "scmi"), ("soc", "scmi-1")],
            ["scmi", "scmi-1", "scmi-2", "scmi-1-1"],
        ),
    ],
    ids=["two-names", "one-name", "a-name-that-looks-numbered"],
)
def test_two_platforms_never_share_a_name(places: list[tuple[str, str]], names: list[str]) -> None:
    model = model_of(tree_of(board(*places)))
    assert [platform.name for platform in model.platforms] == names
    assert sorted(model.lock.platforms) == sorted(names)
    for name, (parent, scmi) in zip(names, places, strict=True):
        (clock,) = model.lock.platforms[name].resources
        assert (clock.kind, clock.provider) == (Kind.CLOCK, f"/{parent}/{scmi}/protocol@14")
