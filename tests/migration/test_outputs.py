"""Options that an import writes below ``outputs`` are read as they were, with any keys."""

import yaml
from msgspec import structs

from scmigen.migration.outputs import held_by, outputs_text
from scmigen.runtime import Served, ServedAgent, ServedGrant, ServedResource
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind


def test_keys_and_values_are_read_back() -> None:
    rows = dict.fromkeys(("LMM_1", "SYS", "on", "NO", "null", "1", "a: b", "Null", "~"), "all")
    outputs = {"imx-sm": {"tree": "/x: y # z", "agents": {"AP-NS": {"number": 2, "rows": rows}}}}
    outputs["imx-sm"]["agents"]["M7"] = {"secure": True, "channels": ["db=0", 'a"b\n'], "rows": {}}
    assert yaml.safe_load(outputs_text(outputs)) == {"outputs": outputs}


def test_nothing_is_written_of_nothing() -> None:
    assert outputs_text({}) == ""


def test_only_what_a_row_has_is_held_by_options() -> None:
    rows = tuple(
        ServedGrant(id=n, resource=n, operations=may, unchecked=(Operation.READ,))
        for n, may in enumerate([(), (Operation.CONFIG,), (Operation.CONFIG,)])
    )
    served = Served(
        name="s",
        agents=(ServedAgent(id=1, name="AP", grants={Kind.PIN: rows}),),
        resources={Kind.PIN: tuple(ServedResource(id=n, name=f"P{n}") for n in range(3))},
        outputs={"imx-sm": {"agents": {"AP": {"rows": {"P1": "all"}}}}},
    )
    assert held_by(served) == {(Kind.PIN, 0), (Kind.PIN, 1)}
    assert held_by(structs.replace(served, outputs={})) == frozenset()
