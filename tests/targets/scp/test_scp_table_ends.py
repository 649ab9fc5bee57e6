"""Nothing that is written ends a table early, or is taken for a service that nobody named.

The module dvfs ends a table at the first row with a level, a voltage or a frequency of 0
(``count_opps``), and the module scmi takes an identifier of type 0 for service 0: only
``FWK_ID_NONE`` is none (``scmi_notify``).
"""

import re

from support import model_of, tree_of

from scmigen.pipeline import emit_outputs

BOARD = """
#address-cells = <1>; #size-cells = <1>;
cc: clock-controller@1000 { compatible = "acme,cc"; reg = <0x1000 4>; #clock-cells = <1>; };
table: opp-table { compatible = "operating-points-v2";
    opp-1 { opp-hz = /bits/ 64 <400>; opp-microvolt = <0>; };
    opp-2 { opp-hz = /bits/ 64 <100000000>; opp-microvolt = <0>; };
    opp-3 { opp-hz = /bits/ 64 <200000000>; };
    opp-4 { opp-hz = /bits/ 64 <300000000>; opp-microvolt = <900>; }; };
gpu@3000 { compatible = "acme,gpu"; reg = <0x3000 4>; clocks = <&cc 1>;
    operating-points-v2 = <&table>; };
"""


def test_no_row_of_a_table_has_a_zero() -> None:
    made, found, *_ = emit_outputs(model_of(tree_of(BOARD)), ["scp"], explicit=True)
    files = {file.path: file.content.decode(errors="replace") for file in made}
    (dvfs,) = (text for path, text in files.items() if path.endswith("config_dvfs.c"))
    rows = {
        word: [int(value) for value in re.findall(rf"\.{word} = (\d+)U", dvfs)]
        for word in ("level", "voltage", "frequency")
    }
    assert rows["level"] == rows["frequency"] == [100_000, 200_000, 300_000]
    assert len(rows["voltage"]) == 3
    assert 0 not in rows["voltage"]
    # The point below a kilohertz is not left out silently.
    assert [item.message for item in found if item.id == "scp-level"] == [
        "of the 4 levels of gpu-3000 SCP-firmware holds 3: a level of 0 ends its table, and rates "
        "go up to 4294967295 Hz"
    ]
    services = [text for path, text in files.items() if path.endswith("config_scmi.c")]
    for text in services:
        assert text.count(".scmi_agent_id =") <= text.count(".scmi_p2a_id =")
    assert services
