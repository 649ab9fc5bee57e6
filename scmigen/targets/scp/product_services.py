"""Whether the services of a firmware are those that the product's own modules look for."""

from collections.abc import Iterator, Sequence

from scmigen.diagnostics import Diagnostic, Related, Severity
from scmigen.scmi.protocols import Kind
from scmigen.targets.options import OUTPUT_OPTION
from scmigen.targets.scp.channels import Channel
from scmigen.targets.scp.options import Setup
from scmigen.targets.scp.product_channels import SCP_SERVICE, Channels, channels
from scmigen.targets.scp.product_sources import MARK, Product, Use


def services(setup: Setup, sources: Product) -> Channels:
    """The channels of a firmware, and what is wrong with them in the product that it is for."""
    if sources.problem is not None:
        path, at = setup.options.product, setup.options.at("product")
        told = OUTPUT_OPTION.error(f"product {path} cannot be read: {sources.problem}", at)
        return Channels((), (told,))
    made = channels(setup, sources)
    problems = (*made.problems, *_check(setup, sources, made.rows))
    return made._replace(problems=problems, counter=_counter(sources, made.rows))


def _counter(sources: Product, rows: Sequence[Channel]) -> str | None:
    """The last enumerator of the product's services, where it has as many as there are channels,
    all of them by the product's names."""
    names = [name for name in sources.values if name.endswith(f"{MARK}COUNT")]
    if len(names) != 1 or not all(row.named for row in rows):
        return None
    return names[0] if sources.values[names[0]] == len(rows) else None


def _check(setup: Setup, sources: Product, rows: Sequence[Channel]) -> Iterator[Diagnostic]:
    at = setup.options.at("product")
    if not sources.values and not sources.uses:
        yield SCP_SERVICE.warning(
            f"no source below {setup.options.product} names an SCMI service",
            at,
            hint=f"product is the directory that has the product's include and module; an "
            f"enumerator of a service has {MARK} in its name",
        )
    always = bool(setup.platform.resources.get(Kind.RESET))
    named = {row.enum for row in rows}
    wanted = [
        use
        for name, use in sources.uses.items()
        if name not in named and not name.endswith("_COUNT")
    ]
    for optional in (False, True):
        missing = [
            use
            for use in wanted
            if (use.optional and not always) is optional and _is_missing(use, sources, rows)
        ]
        if missing:
            yield _missing(setup, sources, rows, missing, optional=optional)
    yield from _misplaced(setup, sources, rows, wanted)
    yield from _unheard(setup, sources, rows)


def _unheard(setup: Setup, sources: Product, rows: Sequence[Channel]) -> Iterator[Diagnostic]:
    """Services that are ready before the module that waits for them listens."""
    by_name = {row.enum: row for row in rows} | {str(row.number): row for row in rows}
    for name, use in sources.uses.items():
        row = by_name.get(name) or by_name.get(str(sources.values.get(name)))
        if row is not None and not row.waits and sources.starts_late(use.module):
            yield SCP_SERVICE.warning(
                f"{use.module} waits for service {name}, but starts after scmi: it is not told "
                f"that channel {row.word} of {row.agent.agent.name} is ready",
                setup.options.at("product"),
                [Related(name, use.position)],
                "ready: mailbox at the channel; the mailbox then needs a power domain that is "
                "switched on later",
            )


def _is_missing(use: Use, sources: Product, rows: Sequence[Channel]) -> bool:
    """Whether no channel can have the index that a module looks for."""
    value = sources.values.get(use.name)
    if value is None or any(row.number is None for row in rows):
        return True
    return value not in {row.number for row in rows}


def _missing(
    setup: Setup,
    sources: Product,
    rows: Sequence[Channel],
    missing: Sequence[Use],
    *,
    optional: bool,
) -> Diagnostic:
    names = ", ".join(f"{use.name}{_number(sources, use)}" for use in missing)
    when = "built with SCMI notifications, " if optional else ""
    return SCP_SERVICE.at(
        Severity.WARNING if optional else Severity.ERROR,
        f"modules of the product name services that these tables do not have ({len(rows)} in "
        f"all): {names}; {when}the firmware stops when it starts",
        setup.options.at("product"),
        [Related(use.name, use.position) for use in missing],
        f"channels: {{AGENT: {{{_example(missing[0])}: {{index: {missing[0].name}, …}}}}}}",
    )


def _number(sources: Product, use: Use) -> str:
    value = sources.values.get(use.name)
    return "" if value is None else f" ({value})"


def _example(use: Use) -> str:
    """What the channel of a service could be called in the options."""
    return "p2a" if "P2A" in _words(use) else "a2p NAME"


def _words(use: Use) -> list[str]:
    return use.name.partition(MARK)[2].split("_")


def _misplaced(
    setup: Setup, sources: Product, rows: Sequence[Channel], wanted: Sequence[Use]
) -> Iterator[Diagnostic]:
    """Services that have the index of another agent's, or of one of the other direction, as far as
    the product's name for it tells."""
    by_number = {row.number: row for row in rows}
    for use in wanted:
        value = sources.values.get(use.name)
        row = by_number.get(value) if value is not None else None
        if row is None or row.named or not _differs(use, row, rows):
            continue
        yield SCP_SERVICE.error(
            f"{use.name} of the product is service {value}, which here is the channel {row.word} "
            f"of {row.agent.agent.name}",
            setup.options.at("product"),
            [Related(use.name, use.position)],
            f"index: {use.name} at the channel that is meant",
        )


def _differs(use: Use, row: Channel, rows: Sequence[Channel]) -> bool:
    words = set(_words(use))
    if ("P2A" in words) != (row.way == "P2A"):
        return True
    known = words & {word for each in rows for word in _names(each)}
    return bool(known) and not known & _names(row)


def _names(row: Channel) -> set[str]:
    """The words that the product may have for an agent."""
    agent = row.agent.agent
    return {agent.name.upper(), str(agent.role).upper()}
