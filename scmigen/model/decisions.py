"""A board before its resources are numbered: who owns what, needs what, and is granted what."""

from collections.abc import Mapping

from scmigen.assignment.assignment import Assignment
from scmigen.bindings.facts import Provider
from scmigen.bindings.inventory import Inventory
from scmigen.data import Data
from scmigen.model.closure import Closure, close
from scmigen.model.drivers import Drivers
from scmigen.model.final_classes import final_providers, platform_nodes
from scmigen.model.grants import Granted, grant
from scmigen.model.ownership import Owners
from scmigen.model.possible import settle_possible
from scmigen.model.scaling import Scaling, scale
from scmigen.model.sharing import Feeding


class Decisions(Data):
    """All that the platforms of one board are made from, besides their identifiers."""

    inventory: Inventory
    assignment: Assignment
    providers: Mapping[str, Provider]
    owners: Owners
    drivers: Drivers
    scaling: Scaling
    closure: Closure
    granted: Granted
    feeding: Feeding


def decide(inventory: Inventory, assignment: Assignment) -> Decisions:
    """Decide everything that does not depend on numbers, stage by stage."""
    owners = Owners(assignment, inventory)
    providers = final_providers(inventory, assignment.options, owners)
    platform = platform_nodes(providers)
    scaling = scale(inventory, providers, platform, assignment.options.bins)
    drivers = Drivers(inventory, assignment, owners, scaling.surrendered)
    closure = close(inventory, providers, platform, owners, scaling, drivers)
    feeding = Feeding(inventory, providers, closure.fed, scaling)
    closure = settle_possible(closure, assignment, owners, drivers, feeding)
    granted = grant(assignment, owners, drivers, closure, feeding)
    return Decisions(
        inventory, assignment, providers, owners, drivers, scaling, closure, granted, feeding
    )
