"""Agents without resources: whether they are there for something else."""

import pytest
from support import model_of, soc

from scmigen.checks.registry import run_checks

AGENTS = """domains:
  a: {id: 1, default: true, scmi: {role: ospm}}
  b: {id: 2, scmi: {%s}}
"""


@pytest.mark.parametrize(
    ("scmi", "said"),
    [
        pytest.param("role: other", ["b is granted nothing: "], id="nothing"),
        pytest.param("role: other, system-power: told", [], id="asked to be told"),
        pytest.param("role: secure, system-power: set", [], id="asked to set"),
        pytest.param(
            "role: vm", ["b is granted nothing but to be told of system power: "], id="its role"
        ),
        pytest.param("role: vm, system-power: none", ["b is granted nothing: "], id="less"),
        pytest.param(
            "role: psci", ["b is granted nothing but system power: "], id="role that sets"
        ),
        pytest.param("role: hypervisor", [], id="changes permissions"),
    ],
)
def test_system_power_is_what_an_agent_may_be_for(scmi: str, said: list[str]) -> None:
    model = model_of(soc("d { clocks = <&cc 1>; };"), AGENTS % scmi)
    found = [item.message for item in run_checks(model) if item.id == "agent-idle"]
    assert [message[: len(start)] for message, start in zip(found, said, strict=True)] == said
