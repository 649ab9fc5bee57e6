"""Agents files: system device tree domains as YAML, and options of the platform."""

from collections.abc import Iterator, Sequence

from scmigen.assignment.assignment import Switch
from scmigen.assignment.domains_file import DomainsReader
from scmigen.assignment.foreign import SEVERITIES, read_foreign, reader_of, rivals
from scmigen.assignment.located import Located, parse
from scmigen.assignment.lookup import Lookup
from scmigen.assignment.outputs import read_outputs
from scmigen.assignment.platform_file import PlatformReader
from scmigen.assignment.policies_file import read_policies
from scmigen.assignment.problems import Problems, TooManyError
from scmigen.assignment.said import PlatformSaid, SourceSaid
from scmigen.assignment.vocabulary import CHECK, FILE
from scmigen.assignment.waivers_file import read_waivers
from scmigen.data import replace
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, InputError, Position

#: A file with nothing but these is not about agents.
_BESIDES = frozenset({"format", "platform", "checks", "waivers", "policies", "outputs"})


def read_files(
    files: Sequence[tuple[str, str]], tree: DeviceTree
) -> tuple[tuple[SourceSaid, ...], tuple[Diagnostic, ...]]:
    """Read agents files (name, text) against a tree: one source per file, and the problems.

    Never raises; a file that cannot be read gives no source.
    """
    problems = Problems()
    lookup = Lookup(tree, problems)
    found = []
    for name, text in files:
        try:
            found.append(_said(text, name, lookup, tree))
        except InputError as problem:
            for item in problem.diagnostics:
                problems.add(item)
        except TooManyError:
            break
    return tuple(found), problems.all()


def _said(text: str, name: str, lookup: Lookup, tree: DeviceTree) -> SourceSaid:
    for item in rivals(name):
        lookup.problems.add(item)
    reader = reader_of(name)
    return _file(text, name, lookup) if reader is None else read_foreign(reader, text, name, tree)


def _file(text: str, name: str, lookup: Lookup) -> SourceSaid:
    top = parse(text, name, lookup.problems, "agents")
    if top is None:
        return SourceSaid(position=Position(name))
    parts = top.shared_mapping("an agents file", FILE)
    domains, platform = DomainsReader(lookup), PlatformReader(lookup)
    if "domains" in parts:
        domains.domains(parts["domains"])
    options = platform.platform(parts["platform"]) if "platform" in parts else PlatformSaid()
    for device in platform.devices:
        selector = device.text("dev")
        if selector is not None:
            domains.claim(None, device, selector)
    options = replace(options, outputs=read_outputs(parts))
    return SourceSaid(
        agents=tuple(domains.agents),
        claims=tuple(domains.claims),
        grants=tuple(domains.grants),
        platform=options,
        switches=tuple(_switches(parts["checks"])) if "checks" in parts else (),
        waivers=tuple(read_waivers(parts["waivers"])) if "waivers" in parts else (),
        policies=tuple(read_policies(parts["policies"])) if "policies" in parts else (),
        named=(*domains.named, *platform.named),
        domains=tuple(domains.places),
        position=parts["domains"].position if "domains" in parts else Position(name),
        by_number=tuple(domains.by_number),
        of_agents=not (parts.keys() - {"format"} and top.keys() <= _BESIDES),
    )


def _switches(where: Located) -> Iterator[Switch]:
    for check, switch in where.mapping("checks").items():
        parts = switch.mapping(f"check {check}", CHECK)
        severity = None
        if "severity" in parts:
            severity = parts["severity"].choice("severity", SEVERITIES)
        else:
            switch.lacks(f"check {check} needs a severity", "one of: " + ", ".join(SEVERITIES))
        reason = parts["reason"].text("reason") if "reason" in parts else ""
        if reason is not None and not reason.strip():
            switch.lacks(f"check {check} needs a reason", 'write reason: "why this is right here"')
        elif severity and reason:
            yield Switch(check, severity, reason, switch.position)
