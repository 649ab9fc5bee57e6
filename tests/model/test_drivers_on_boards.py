"""What a table of drivers changes on real boards with one operating system: it only ever adds."""

from pathlib import Path

import pytest
from real_boards import BOARDS

import scmigen
from scmigen import Kind, Operation, Result, Text
from scmigen.bindings.facts import Use
from scmigen.diagnostics import has_errors

#: What drivers may set, by kind: nothing else comes from a table.
SET = {
    Kind.CLOCK: {Operation.RATE, Operation.PARENT},
    Kind.VOLTAGE: {Operation.LEVEL},
}


def compiled(board: Path, needs: str) -> Result:
    entry = f"domains: {{linux: {{default: true, scmi: {{role: ospm{needs}}}}}}}"
    return scmigen.compile(board, agents=[Text("agents.yaml", entry)])


@pytest.mark.slow
@pytest.mark.parametrize("name", BOARDS)
def test_a_table_only_adds_what_it_names(corpus: Path, name: str) -> None:
    board = corpus / f"{name}.dts"
    tree, both = compiled(board, ", needs: none"), compiled(board, "")
    assert both.lock == tree.lock
    for result in (tree, both):
        assert not has_errors(result.diagnostics)
    for one, other in zip(tree.platforms, both.platforms, strict=True):
        for before, after in zip(one.all_grants, other.all_grants, strict=True):
            assert before.resource.key == after.resource.key
            uses = [why for why in after.because if isinstance(why, Use)]
            named = {op for use in uses for need in use.drivers for op in need.operations}
            added = after.operations - before.operations
            assert before.operations <= after.operations
            # One agent has all to itself, so that it gets what a driver only may do as well.
            assert added <= named <= after.operations
            assert named <= SET.get(after.kind, set())
            assert all(need.source and need.table for use in uses for need in use.drivers)
