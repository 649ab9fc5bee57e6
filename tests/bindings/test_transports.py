"""One row per compatible of Linux ``Bindings/firmware/arm,scmi.yaml``, and no copy of it."""

from pathlib import Path

import pytest
from support import tree_of

import scmigen
from scmigen.assignment.values import TRANSPORTS as WORDS
from scmigen.bindings.transports import TRANSPORTS, payload_size, transport_of

PACKAGE = Path(scmigen.__file__).parent

# Typed from the binding: compatible, word, what an SCMI node needs, and a protocol for a channel
# of its own.
ROWS = [
    ("arm,scmi", "mailbox", "mboxes shmem", "mboxes shmem"),
    ("arm,scmi-smc", "smc", "arm,smc-id shmem", "shmem"),
    ("arm,scmi-smc-param", "smc-param", "arm,smc-id shmem", "shmem"),
    ("qcom,scmi-smc", "qcom-smc", "arm,smc-id shmem", "shmem"),
    ("arm,scmi-virtio", "virtio", "", ""),
    ("linaro,scmi-optee", "optee", "linaro,optee-channel-id", "linaro,optee-channel-id"),
]


def test_the_rows_are_those_of_the_binding() -> None:
    found = [(t.compatible, t.word, " ".join(t.needs), " ".join(t.own)) for t in TRANSPORTS]
    assert found == ROWS


@pytest.mark.parametrize("compatible", [row[0] for row in ROWS])
def test_each_compatible_is_written_once_in_the_package(compatible: str) -> None:
    texts = [path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")]
    assert sum(text.count(f'"{compatible}"') for text in texts) == 1


def test_agents_files_have_the_words_of_the_table() -> None:
    """And the sockets of the bundled server, which no tree describes."""
    assert {word for _, word, _, _ in ROWS} | {"unix"} == set(WORDS)


def test_the_first_compatible_that_is_known_counts() -> None:
    tree = tree_of('s: scmi { compatible = "acme,scmi", "qcom,scmi-smc", "arm,scmi-smc"; };')
    transport = transport_of(tree.labels["s"])
    assert transport is not None
    assert transport.word == "qcom-smc"
    assert transport_of(tree.root) is None


@pytest.mark.parametrize(
    ("prop", "size"),
    [
        pytest.param("", 104, id="as Linux assumes"),
        pytest.param("arm,max-msg-size = <256>;", 256, id="as the node says"),
    ],
)
def test_the_largest_payload(prop: str, size: int) -> None:
    tree = tree_of(f's: scmi {{ compatible = "arm,scmi-smc"; {prop} }};')
    assert payload_size(tree.labels["s"]) == size
