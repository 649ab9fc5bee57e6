"""``runtime.schema.json`` describes every type, in words that no Python changes."""

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from scmigen import runtime


@pytest.mark.parametrize("schema", [runtime.json_schema, runtime.grants_schema])
def test_every_type_of_the_schema_is_described(schema: Callable[[], bytes]) -> None:
    """Each in words of its own: one without would have those of the type that it is a kind of."""
    types = json.loads(schema())["$defs"]
    said = [each["description"] for each in types.values()]
    assert all(said)
    assert len({*said}) == len(said)


def test_the_schema_is_the_same_without_docstrings() -> None:
    code = "import sys; from scmigen import runtime; sys.stdout.buffer.write(runtime.json_schema())"
    ran = subprocess.run([sys.executable, "-OO", "-c", code], capture_output=True, check=True)
    assert ran.stdout == runtime.json_schema()
