"""``runtime.schema.json`` describes every type, in words that no Python changes."""

import json
import subprocess
import sys

from scmigen import runtime
from scmigen.runtime.descriptions import DESCRIPTIONS


def test_every_type_of_the_schema_is_described() -> None:
    types = json.loads(runtime.json_schema())["$defs"]
    assert {name: each["description"] for name, each in types.items()} == dict(DESCRIPTIONS)


def test_the_schema_is_the_same_without_docstrings() -> None:
    code = "import sys; from scmigen import runtime; sys.stdout.buffer.write(runtime.json_schema())"
    ran = subprocess.run([sys.executable, "-OO", "-c", code], capture_output=True, check=True)
    assert ran.stdout == runtime.json_schema()
