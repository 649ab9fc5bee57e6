"""The two tables of hvisor: lists of resources in the root zone's tree, and places in them."""

from collections.abc import Mapping

from scmigen.assignment.assignment import Agent
from scmigen.bindings.hvisor import NOWHERE
from scmigen.bindings.specifiers import Specifiers
from scmigen.data import Data
from scmigen.devicetree.edits import Entry
from scmigen.model.platform import Platform, Resource
from scmigen.scmi.protocols import Kind
from scmigen.targets.common.guests import Division, Mediator
from scmigen.targets.common.names import title_of
from scmigen.targets.hvisor.options import HvisorOptions, ZoneOptions

_UNSAID = ZoneOptions()


class Zone(Data):
    """A zone that is served: by kind, for each of its ids the place in the list of the tree."""

    agent: Agent
    id: int
    device: ZoneOptions
    ids: Mapping[Kind, tuple[int, ...]]


class Tables(Data):
    """``entries``: the lists of the tree, with names. ``unnamed``: what cannot be in one."""

    divided: Division
    entries: Mapping[Kind, tuple[tuple[Entry, str], ...]]
    zones: tuple[Zone, ...]
    unnamed: tuple[Resource, ...]


def tables_of(
    platform: Platform, divided: Division, mediator: Mediator, options: HvisorOptions
) -> Tables:
    """The tables for the guests of a platform. Zones count from 1 in the order of agents, past
    those that the options number."""
    specifiers = Specifiers(platform.inventory)
    entries: dict[Kind, tuple[tuple[Entry, str], ...]] = {}
    places: dict[Kind, dict[int, int]] = {}
    unnamed: list[Resource] = []
    for kind in mediator.opened:
        used = {
            grant.resource.number
            for agent in divided.guests
            for grant in mediator.grants(platform, agent, kind)
        }
        found: list[tuple[Entry, str]] = []
        for resource in platform.resources.get(kind, ()):
            if resource.number not in used:
                continue
            entry = specifiers.of(resource.key)
            if entry is None:
                unnamed.append(resource)
                continue
            places.setdefault(kind, {})[resource.number] = len(found)
            found.append((_noted(platform, resource, entry, len(found)), resource.name))
        entries[kind] = tuple(found)
    numbers = _numbers(divided, options)
    zones = tuple(
        Zone(agent, numbers[agent.name], _said(options, agent), ids)
        for agent in divided.guests
        if (ids := _ids(platform, agent, mediator, places))
    )
    return Tables(divided, entries, zones, tuple(unnamed))


def _noted(platform: Platform, resource: Resource, entry: Entry, place: int) -> Entry:
    """An entry with its place and its name for people."""
    was = title_of(platform, resource.key)
    note = f"{place}: {resource.name}"
    return entry._replace(note=note, was="" if was == resource.name else was)


def _said(options: HvisorOptions, agent: Agent) -> ZoneOptions:
    return options.zones.get(agent.name, _UNSAID)


def _numbers(divided: Division, options: HvisorOptions) -> dict[str, int]:
    said = {name: zone.id for name, zone in options.zones.items() if zone.id is not None}
    free = (number for number in range(1, 1 << 16) if number not in said.values())
    return {
        agent.name: said[agent.name] if agent.name in said else next(free)
        for agent in divided.guests
    }


def _ids(
    platform: Platform, agent: Agent, mediator: Mediator, places: Mapping[Kind, Mapping[int, int]]
) -> dict[Kind, tuple[int, ...]]:
    """By kind, for each id of an agent up to its highest one the place of what that is."""
    found: dict[Kind, tuple[int, ...]] = {}
    for kind in mediator.opened:
        grants = {grant.id: grant for grant in mediator.grants(platform, agent, kind)}
        of = places.get(kind, {})
        if grants:
            found[kind] = tuple(
                of.get(grants[number].resource.number, NOWHERE) if number in grants else NOWHERE
                for number in range(max(grants) + 1)
            )
    return found
