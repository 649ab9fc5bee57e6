"""A program that uses the library, for type checkers; it is not run."""

from collections.abc import Iterator
from pathlib import Path
from typing import assert_type

import scmigen

board = scmigen.load("board.dts", overlays=["camera.dtso"], include=[Path("include")])
assert_type(board, scmigen.DeviceTree)
result = scmigen.compile(board, agents=scmigen.Text("a.yaml", ""), trees={"vm1": "vm1.dts"})
assert_type(result, scmigen.Result)
assert_type(result.diagnostics, tuple[scmigen.Diagnostic, ...])
assert_type(result.platform.allows("vm1", "clock", "&cru 4", "rate"), bool)
for grant in result.platform.grants(agent="vm1", kind=scmigen.Kind.CLOCK):
    assert_type(grant, scmigen.Grant)
    assert_type(grant.operations, frozenset[scmigen.Operation])
assert_type(scmigen.check(board, agents=["a.yaml"]), tuple[scmigen.Diagnostic, ...])
assert_type(scmigen.emit(result, "runtime"), scmigen.Emitted)
assert_type(scmigen.diff("old.dts", result), tuple[scmigen.Change, ...])


@scmigen.check("acme-fused", about="A clock is fused off.", advice="Use another one.")
def acme_fused(model: scmigen.Model) -> Iterator[scmigen.Diagnostic]:
    yield acme_fused.warning(f"{len(model.platforms)} platform", None)


assert_type(acme_fused, scmigen.Check)
