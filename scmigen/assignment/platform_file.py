"""``platform`` of an agents file: what only the platform's integrator knows."""

import json
from collections.abc import Iterator

from scmigen.assignment.assignment import AlwaysOn, Owner
from scmigen.assignment.assume_file import read_assumptions
from scmigen.assignment.elements_file import read_elements
from scmigen.assignment.findings import PROVIDER_UNKNOWN
from scmigen.assignment.located import Located, said
from scmigen.assignment.lookup import KINDS, SWITCHED, Lookup, kind_of
from scmigen.assignment.opp_file import read_bins
from scmigen.assignment.said import PlatformSaid, Said
from scmigen.assignment.values import CLASSES, FORMER_KEYS, MAX_VENDOR, is_vendor
from scmigen.assignment.vocabulary import ASSUME
from scmigen.runtime import MAX_GRACE

#: The keys of ``platform``.
KEYS = (
    *(*CLASSES, "devices", "owners", "always-on", "elements", "assume", "opp"),
    *("vendor", "sub-vendor", "system-power", "extra"),
    *FORMER_KEYS,
)


class PlatformReader:
    """Reads the ``platform`` part of one agents file. ``devices`` are left to the caller."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self.devices: tuple[Located, ...] = ()
        self.named: list[Said[str]] = []

    def platform(self, where: Located) -> PlatformSaid:
        """What the part says."""
        parts = where.mapping("platform", KEYS)
        if "devices" in parts:
            self.devices = tuple(parts["devices"].items("devices"))
        assumed: dict[str, Located] = {}
        if "assume" in parts:
            assumed = parts["assume"].mapping("assume", ASSUME)
        system: dict[str, Located] = {}
        if "system-power" in parts:
            system = parts["system-power"].mapping("system-power", ("grace",))
        return PlatformSaid(
            classes=self._classes(parts),
            owners=tuple(self._owners(parts["owners"])) if "owners" in parts else (),
            always_on=tuple(self._always_on(parts["always-on"])) if "always-on" in parts else (),
            clock_rate=said(
                assumed, "clock-rate", lambda item: item.number("clock-rate", 1, 0xFFFF_FFFF)
            ),
            assumptions=(
                tuple(read_assumptions(self._lookup, assumed["values"]))
                if "values" in assumed
                else ()
            ),
            bins=dict(read_bins(self._lookup, parts["opp"])) if "opp" in parts else {},
            vendor=said(parts, "vendor", lambda item: _vendor(item, "vendor")),
            sub_vendor=said(parts, "sub-vendor", lambda item: _vendor(item, "sub-vendor")),
            grace=said(system, "grace", lambda item: item.number("grace", 0, MAX_GRACE)),
            extra=said(parts, "extra", _extra),
            elements=read_elements(parts["elements"]) if "elements" in parts else (),
        )

    def _classes(self, parts: dict[str, Located]) -> dict[str, Said[str]]:
        """The class of each provider that is named, by path."""
        found: dict[str, Said[str]] = {}
        for word in CLASSES:
            for item in parts[word].items(word) if word in parts else ():
                text = item.text("a provider")
                nodes = self._lookup.nodes(text, item, PROVIDER_UNKNOWN).nodes if text else ()
                for node in nodes:
                    first = found.setdefault(node.path, Said(word, item.position))
                    if first.value != word:
                        item.wrong(f"{node.path} is {first.value} already", f"at {first.position}")
        return found

    def _owners(self, where: Located) -> Iterator[Owner]:
        firsts: dict[object, Owner] = {}
        for entry in where.items("owners"):
            parts = entry.mapping("an owner", (*KINDS, "agent"))
            word = kind_of(parts, entry)
            if word is None:
                continue
            key = self._lookup.resource(parts[word], word)
            if "agent" not in parts:
                entry.lacks("an owner needs an agent", hint="agent: NAME")
                continue
            agent = parts["agent"].text("agent")
            if agent is None or key is None:
                continue
            self.named.append(Said(agent, parts["agent"].position))
            owner = Owner(agent, key, entry.position)
            first = firsts.setdefault(key, owner)
            if first is not owner:
                entry.wrong(f"{key.kind} {key} has an owner already", f"at {first.position}")
            yield owner

    def _always_on(self, where: Located) -> Iterator[AlwaysOn]:
        for entry in where.items("always-on"):
            parts = entry.mapping("a resource that is always on", SWITCHED)
            word = kind_of(parts, entry, SWITCHED)
            key = self._lookup.resource(parts[word], word) if word is not None else None
            if key is not None:
                yield AlwaysOn(key, entry.position)


def _extra(where: Located) -> bytes | None:
    """What no tree says, as JSON; whether it fits is known once the rest is."""
    return json.dumps(where.data()).encode() if where.mapping("extra") else None


def _vendor(where: Located, what: str) -> str | None:
    text = where.text(what)
    if text is not None and not is_vendor(text):
        where.wrong(f"{what} must have at most {MAX_VENDOR} ASCII characters")
        return None
    return text
