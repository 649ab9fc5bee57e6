"""The JSON Schema of agents files accepts what the reader accepts, and rejects what it rejects."""

import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import yaml
from conftest import REPOSITORY
from fuzz_seeds import FULL_FILE
from support import TWO_AGENTS, soc

import scmigen
from scmigen import Text
from scmigen.assignment.schema import agents_schema
from scmigen.assignment.vocabulary import DOMAIN, ENTRY, FILE, FLAGS
from scmigen.explain import switchable
from scmigen.targets.registry import names

BOARD = 'spi0: spi@5000 { compatible = "acme,spi"; reg = <0x5000>; clocks = <&cc 3>; };'
HOST = "domains:\n  a: {id: 1, default: true}\n"


OTHERS = """
cpus: 1
os,type: 2
'#size': 3
domains:
  a:
    {id: 0x10, label: x, 'xlnx,a': 1,
     access: [{dev: [x, y], flags: [{shared: true, coherent: 1}, 1], pm_node: 3},
              {'<<+': [{dev: x}]}]}
"""


class Core(yaml.SafeLoader):
    """YAML 1.2, as editors read it: ``off`` is a word, and so is a date."""


Core.yaml_implicit_resolvers = {
    letter: [(tag, regex) for tag, regex in found if not tag.endswith((":bool", ":timestamp"))]
    for letter, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Core.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))


def loaded(text: str) -> Any:
    return with_text_keys(yaml.load(text, Loader=Core))


def with_text_keys(value: Any) -> Any:
    """JSON has no other keys."""
    if isinstance(value, dict):
        return {str(key): with_text_keys(each) for key, each in value.items()}
    return [with_text_keys(each) for each in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def validator() -> Any:
    schema = agents_schema(switchable(), names())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def right() -> Iterator[tuple[str, str]]:
    """Agents files of the examples and of the page, by name."""
    for path in sorted((REPOSITORY / "examples").rglob("*.yaml")):
        text = path.read_text()
        if "domains:" in text:
            yield str(path.relative_to(REPOSITORY)), text
    page = (REPOSITORY / "docs/reference/agents.md").read_text()
    for number, text in enumerate(re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)):
        if re.match("(platform|outputs|checks|waivers):", text):
            yield f"docs/reference/agents.md {number}", text
    yield "fuzz_seeds", FULL_FILE
    yield "two agents", TWO_AGENTS
    yield "empty", "{}"
    yield "of other tools", OTHERS


@pytest.mark.parametrize(("name", "text"), list(right()), ids=lambda value: value.split("\n")[0])
def test_right_files_are_accepted(validator: Any, name: str, text: str) -> None:
    errors = [problem.message for problem in validator.iter_errors(loaded(text))]
    assert errors == [], name


WRONG = [
    "domain: {}",
    "domains: []",
    "platfrom: {}",
    "managed: ['&cc']",
    "domains: {a: {id: x}}",
    "domains: {a: {id: -1}}",
    "domains: {a: {acess: []}}",
    "domains: {a: {role: vm}}",
    "domains: {a: {access!linux: []}}",
    "domains: {a: {'scmi,id': 1}}",
    "domains: {a: {id: 1, default: 2}}",
    "domains: {a: {id: 1, access: x}}",
    "domains: {a: {id: 1, access: [{flags: {shared: true}}]}}",
    "domains: {a: {id: 1, access: [{dev: '&spi0', shared: true}]}}",
    "domains: {a: {id: 1, access: [{dev: '&spi0', flags: {shard: true}}]}}",
    "domains: {a: {id: 1, access: [{dev: '&spi0', flags: {assignable: b}}]}}",
    "domains: {a: {scmi: {id: 256}}}",
    "domains: {a: {scmi: {id: 0}}}",
    "domains: {a: {scmi: {role: ospn}}}",
    "domains: {a: {scmi: {rolle: ospm}}}",
    "domains: {a: {scmi: {profile: 4.0}}}",
    "domains: {a: {scmi: {profile: linux-}}}",
    "domains: {a: {scmi: {profile: linux6.6}}}",
    "domains: {a: {scmi: {profile: [3.1]}}}",
    "domains: {a: {scmi: {transport: {type: mail}}}}",
    "domains: {a: {scmi: {transport: {smc-id: 1}}}}",
    "domains: {a: {scmi: {transport: {type: smc, smc_id: 1}}}}",
    "domains: {a: {grant: [{clock: '&cc 1', operations: [reset]}]}}",
    "domains: {a: {grant: [{clock: '&cc 1'}]}}",
    "domains: {a: {grant: [{operations: [state]}]}}",
    "domains: {a: {grant: [{clock: '&cc 1', power: '&pc 1', operations: [state]}]}}",
    HOST + "platform: {manged: []}",
    HOST + "platform: {managed: '&cc'}",
    HOST + "platform: {always-on: [{reset: '&cc 1'}]}",
    HOST + "platform: {always-on: [{clock: '&cc 1', power: '&pc 1'}]}",
    HOST + "platform: {owners: [{clock: '&cc 1'}]}",
    HOST + "platform: {owners: [{agent: a}]}",
    HOST + "platform: {assume: {clock_rate: 1}}",
    HOST + "platform: {assume: {clock-rate: 0}}",
    HOST + "platform: {assume: {values: [{clock: '&cc 1'}]}}",
    HOST + "platform: {assume: {values: [{clock: '&cc 1', range: [1, 2]}]}}",
    HOST + "platform: {assume: {values: [{clock: '&cc 1', step: 3}]}}",
    HOST + "platform: {assume: {values: [{reset: '&rc 1', rates: [3]}]}}",
    HOST + "platform: {assume: {values: [{performance: '&cc 1', levels: [{power: 3}]}]}}",
    HOST + "platform: {vendor: more-than-fifteen}",
    HOST + "platform: {extra: 3}",
    HOST + "checks: {reset-shared: {severity: of, reason: x}}",
    HOST + "checks: {reset-shared: {severity: off}}",
    HOST + "checks: {reset-shared: {severity: off, reason: ' '}}",
    HOST + "checks: {reset-shard: {severity: off, reason: x}}",
    HOST + "outputs: {runtim: {}}",
    HOST + "outputs: {runtime: 3}",
]


@pytest.mark.parametrize("text", WRONG)
def test_wrong_files_are_rejected_by_both(validator: Any, text: str) -> None:
    assert not validator.is_valid(loaded(text))
    found = scmigen.check(soc(BOARD), agents=Text("agents.yaml", text))
    assert [item.id for item in found if item.severity is scmigen.Severity.ERROR]


def test_every_key_is_described(validator: Any) -> None:
    schema = validator.schema
    inner = schema["$defs"]
    for words, part in (
        (FILE, schema),
        (DOMAIN, inner["domain"]),
        (ENTRY, inner["access"]),
        (FLAGS, inner["flags"]["anyOf"][0]),
    ):
        assert tuple(part["properties"]) == words.ours
        assert all(each["description"].endswith(".") for each in part["properties"].values())


def test_the_page_has_the_line_for_editors() -> None:
    page = (REPOSITORY / "docs/howto/schemas.md").read_text()
    assert "# yaml-language-server: $schema=" in page
    assert "#:schema " in page
