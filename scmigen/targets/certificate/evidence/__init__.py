"""Evidence for a safety case: who can influence whom, through what, and what justifies it.

It is made of the facts of the certificate, which somebody else can check; the page says which one.
"""

from collections.abc import Iterator

from scmigen.diagnostics import has_errors
from scmigen.model.platform import Platform
from scmigen.targets.base import NoOptions, Target
from scmigen.targets.certificate import files_of
from scmigen.targets.certificate.evidence.claims import claims_of, findings_of, machine_of
from scmigen.targets.certificate.evidence.dependence import Dependences
from scmigen.targets.certificate.evidence.flows import Flows
from scmigen.targets.certificate.evidence.page import Evidence, csv_file, html_file
from scmigen.targets.certificate.evidence.sources import sources_of
from scmigen.targets.certificate.facts import Facts
from scmigen.targets.certificate.grants import grants_of
from scmigen.targets.certificate.uses import devices_of, uses_of
from scmigen.targets.common.files import File
from scmigen.targets.make import make


def evidence_of(platform: Platform) -> Evidence:
    """All that the page says of a platform."""
    facts = Facts(platform)
    uses = uses_of(facts)
    certificate = [file.below("certificate") for file in files_of(facts, uses)]
    depends = Dependences(facts, uses, devices_of(facts, uses))
    flows = Flows(depends, grants_of(facts, uses)).all()
    names = {agent.id: agent.name for agent in platform.agents}

    def having(device: str) -> Iterator[str]:
        for agents in depends.devices.get(device, {}).values():
            yield from (names[agent] for agent in agents if agent in names)

    machine, findings = tuple(machine_of(platform)), findings_of(platform, having)
    return Evidence(
        facts=facts,
        certificate=certificate[0],
        claims=tuple(claims_of(platform, flows, machine, findings)),
        flows=flows,
        machine=machine,
        findings=findings,
        sources=tuple(sources_of(platform, (*certificate, *_runtime(platform)))),
        unserved=tuple(sorted({use.term for use in uses if use.term.startswith("other(")})),
    )


def _runtime(platform: Platform) -> Iterator[File]:
    """What the server that comes with scmigen reads, if it can have this board."""
    made = make(platform, "runtime")
    if not has_errors(made.diagnostics):
        yield from (each.below("runtime") for each in made.files if each.path == "runtime.json")


def _files(platform: Platform, _: NoOptions) -> Iterator[File]:
    evidence = evidence_of(platform)
    yield html_file(evidence)
    yield csv_file(evidence)


TARGET = Target(
    name="evidence",
    values=False,
    about="who can influence whom, through what and why, as a page and CSV for a safety case",
    options=NoOptions,
    files=_files,
)
