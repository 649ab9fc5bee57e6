"""Which nodes are performance providers."""

import pytest
from support import tree_of

from scmigen.bindings.identity import is_performance_provider


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        # Linux Bindings/firmware/arm,scmi.yaml: 0x13 is performance, 0x14 clocks.
        ("/firmware/scmi/protocol@13", True),
        ("/firmware/scmi/protocol@14", False),
        # The number counts, not the unit address.
        ("/firmware/scmi/protocol@99", True),
        # The same number in a node that is no protocol of SCMI.
        ("/bus/device@13", False),
        ("/firmware/scmi", False),
        ("/dvfs", True),
    ],
)
def test_a_node_is_a_performance_provider_by_its_protocol_or_its_cells(
    path: str, expected: bool
) -> None:
    tree = tree_of("""
        firmware { scmi { compatible = "arm,scmi-smc"; #address-cells = <1>; #size-cells = <0>;
            protocol@13 { reg = <0x13>; };
            protocol@14 { reg = <0x14>; #clock-cells = <1>; };
            protocol@99 { reg = <0x13>; };
        }; };
        bus { #address-cells = <1>; #size-cells = <0>; device@13 { reg = <0x13>; }; };
        dvfs { #performance-domain-cells = <1>; };
    """)
    node = tree.node(path)
    assert node is not None
    assert is_performance_provider(node) is expected
