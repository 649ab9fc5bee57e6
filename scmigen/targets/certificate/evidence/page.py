"""Evidence as one HTML page for people and paper, and as CSV for programs: one fact a line."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import groupby

from scmigen.bindings.board import model_of
from scmigen.data import Data
from scmigen.diagnostics import Diagnostic
from scmigen.escape import css, csv_table, xml
from scmigen.hints import Any
from scmigen.model.platform import Platform
from scmigen.resources import directory
from scmigen.targets.certificate.evidence.claims import Claim, Machine, Reported, identity, word_of
from scmigen.targets.certificate.evidence.dependence import Path
from scmigen.targets.certificate.evidence.flows import Flow
from scmigen.targets.certificate.evidence.sources import Source, hexadecimal
from scmigen.targets.certificate.facts import Facts
from scmigen.targets.certificate.uses import PLATFORM
from scmigen.targets.common.files import File
from scmigen.targets.common.names import board_name
from scmigen.targets.common.templates import render
from scmigen.tuples import NamedTuple
from scmigen.version import __version__

COLUMNS = (
    *("fact", "id", "agent", "target", "operation", "resource", "name", "by", "by at", "through"),
    *("needed by", "needed at", "verdict", "reason", "reason at", "also"),
)
#: Stands for the platform where people read; an agent of that name is in quotes.
_PLATFORM = "the platform"
#: So much of the certificate's hash is at the head of each printed page.
_SHORT = 16


class Evidence(Data, slots=False):
    """What is said of a platform, by the ``facts`` of its ``certificate``."""

    facts: Facts
    certificate: File
    claims: tuple[Claim, ...]
    flows: tuple[Flow, ...]
    machine: tuple[Machine, ...]
    findings: tuple[Reported, ...]
    sources: tuple[Source, ...]
    unserved: tuple[str, ...]

    @cached_property
    def names(self) -> Mapping[int, str]:
        """The names of the agents, and of the platform."""
        names = {agent.id: agent.name for agent in self.facts.platform.agents}
        return {
            PLATFORM: _PLATFORM,
            **{a: f'"{name}"' if name == _PLATFORM else name for a, name in names.items()},
        }

    @cached_property
    def resources(self) -> Mapping[str, tuple[str, str]]:
        """Name and place of each resource, by its term."""
        return {term: (name, place) for term, name, place in self.facts.resources()}

    def identity(self, flow: Flow) -> str:
        """The id of a flow: the same whatever numbers and lines there are."""
        kind = flow.term.partition("(")[0]
        place = self.resources[flow.term][1]
        names = {agent.id: agent.name for agent in self.facts.platform.agents}
        who = word_of(names.get(flow.agent)), word_of(names.get(flow.target))
        return identity("F", *who, flow.operation, kind, place, flow.reason.word)

    @cached_property
    def ordered(self) -> tuple[tuple[str, Flow], ...]:
        """The flows with their ids: by agents, then by place in the tree, which does not change
        with numbers."""

        def place(flow: Flow) -> tuple[Any, ...]:
            kind = flow.term.partition("(")[0]
            where = self.resources[flow.term][1]
            return flow.agent, flow.target, kind, where, flow.operation, flow.reason.word

        return tuple((self.identity(each), each) for each in sorted(self.flows, key=place))

    def through(self, path: Path) -> str:
        """The steps from a resource to what a device needs: ``power(2) carries power(5), …``."""
        return "; ".join(
            f"{step.above} {step.word} {step.below}{f' ({step.at})' if step.at else ''}"
            for step in path
        )


def html_file(evidence: Evidence) -> File:
    """``evidence.html``: needs no other file, no script and no network."""
    platform = evidence.facts.platform
    digest = hexadecimal(evidence.certificate.content)
    assignment = evidence.facts.decided.assignment
    return File(
        "evidence.html",
        render(
            "evidence/page.html.j2",
            text=xml,
            css=css,
            style=(directory("templates") / "evidence" / "page.css").read_text(encoding="utf-8"),
            board=board_name(platform) or "this board",
            model=model_of(platform.inventory.tree),
            version=__version__,
            digest=digest,
            short=digest[:_SHORT],
            evidence=evidence,
            groups=tuple(_groups(evidence)),
            platform=platform.name,
            instances=len(platform.inventory.instances),
            agents=platform.agents,
            policies=platform.stated,
            unknown=tuple(_unknown(platform)),
            unserved=evidence.unserved,
            switches=assignment.switches,
            extra=assignment.options.extra,
            topology=bool(evidence.facts.decided.inventory.topology.listings),
            at=_at(evidence),
        ),
    )


def _unknown(platform: Platform) -> Iterator[Diagnostic]:
    """What is said of drivers that no table has."""
    record = platform.record
    found = (*record.found, *record.waived) if record is not None else ()
    return (item for item in found if item.id == "driver-unknown")


class _Group(NamedTuple):
    """The flows from one agent to another."""

    agent: int
    target: int
    flows: tuple[tuple[str, Flow], ...]


def _groups(evidence: Evidence) -> Iterator[_Group]:
    for (agent, target), flows in groupby(
        evidence.ordered, lambda each: (each[1].agent, each[1].target)
    ):
        yield _Group(agent, target, tuple(flows))


def _at(evidence: Evidence) -> Any:
    place = evidence.facts.platform.place
    return lambda position: place(position) if position is not None else ""


def csv_file(evidence: Evidence) -> File:
    """``evidence.csv``: the same facts, one a line."""
    rows = [*_claims(evidence), *_flows(evidence), *_rights(evidence), *_findings(evidence)]
    rows += _policies(evidence)
    rows += [{"fact": each.role, "id": each.digest, "name": each.name} for each in evidence.sources]
    table = csv_table(COLUMNS, [[row.get(each) for each in COLUMNS] for row in rows])
    return File("evidence.csv", table.encode())


_Row = dict[str, object]


def _claims(evidence: Evidence) -> Iterator[_Row]:
    for each in evidence.claims:
        yield {
            "fact": "claim",
            "id": each.id,
            "agent": evidence.names[each.agent],
            "target": evidence.names[each.target],
            "verdict": each.word,
            "also": " ".join((*each.machine, *each.findings)),
        }


def _flows(evidence: Evidence) -> Iterator[_Row]:
    for key, flow in evidence.ordered:
        yield {
            "fact": "flow",
            "id": key,
            "agent": evidence.names[flow.agent],
            "target": evidence.names[flow.target],
            "operation": flow.operation,
            "resource": flow.term,
            "name": evidence.resources[flow.term][0],
            "by": f"{flow.origin.device}: {flow.origin.entry}",
            "by at": flow.origin.at,
            "through": evidence.through(flow.path),
            "needed by": flow.use.entry,
            "needed at": flow.use.at,
            "verdict": flow.reason.verdict.name.lower(),
            "reason": flow.reason.word,
            "reason at": flow.reason.at,
            "also": " ".join(flow.devices[1:]),
        }


def _rights(evidence: Evidence) -> Iterator[_Row]:
    for each in evidence.machine:
        yield {
            "fact": "machine",
            "id": each.id,
            "agent": evidence.names[each.agent],
            "operation": " ".join(each.operations),
            "resource": each.protocol,
            "reason": each.why,
            "reason at": each.at,
        }


def _policies(evidence: Evidence) -> Iterator[_Row]:
    at = _at(evidence)
    for each in evidence.facts.platform.stated:
        yield {
            "fact": "policy",
            "name": each.word,
            "verdict": "broken" if each.broken else "unused" if each.unused else "holds",
            "reason": each.reason,
            "reason at": at(each.position),
        }


def _findings(evidence: Evidence) -> Iterator[_Row]:
    at = _at(evidence)
    for each in evidence.findings:
        yield {
            "fact": "finding",
            "id": each.id,
            "name": f"{each.item.id}: {each.item.message}",
            "by at": at(each.item.position),
            "reason": each.reason,
            "reason at": at(each.waived_at),
        }
