"""What these servers cannot do, besides their limits."""

from collections.abc import Iterator, Mapping

from scmigen.diagnostics import Diagnostic, Finding, Related, Severity, counted
from scmigen.model.platform import Platform, Resource
from scmigen.model.protocol_grants import Right
from scmigen.scmi.protocols import Kind
from scmigen.targets.common.values import operating_points
from scmigen.targets.limits import related, title, where
from scmigen.targets.scmi_msg.variant import CHANNELS, OPTEE, TFA, Variant
from scmigen.targets.scmi_msg.views import LEAST_MEMORY, memory_of

#: The highest number in a word of a message.
_WORD = 0xFFFF_FFFF
_MSG_PERMISSIONS = {
    variant.title: Finding(
        f"{variant.limits.prefix}-permissions",
        f"Permissions are to change at run time, which {variant.title} has no messages for.",
        "Serve such agents with another server; the permissions at boot hold here.",
        Severity.NOTE,
    )
    for variant in (OPTEE, TFA)
}
_MSG_ASSUMED = {
    variant.title: Finding(
        f"{variant.limits.prefix}-assumed",
        f"Where the tree has no rate or level, {variant.title} answers with an assumed one.",
        "Write the value into the tree or platform.assume.values; or read it from the hardware.",
        Severity.WARNING,
    )
    for variant in (OPTEE, TFA)
}
#: The kinds that have a value in the tables, what that is called, and the function that reads it.
_VALUES: Mapping[Kind, tuple[str, str]] = {
    Kind.CLOCK: ("rate", "scmi_hw_clock_get_rate"),
    Kind.PERFORMANCE: ("operating points", "scmi_hw_perf_get_level"),
    Kind.VOLTAGE: ("level", "scmi_hw_voltd_get_level"),
}
OPTEE_MSG_CHANNEL = Finding(
    "optee-msg-channel",
    "The channel number of an agent is beyond the tables of OP-TEE, or that of another agent.",
    f"Give every agent a channel number of its own below {CHANNELS}.",
)
OPTEE_MSG_SCALE = Finding(
    "optee-msg-scale",
    "The levels of a performance domain are not frequencies in kHz, which OP-TEE's agents take "
    "them for.",
    "Leave opp-level out of the table, so that frequencies are the levels.",
    Severity.WARNING,
)
OPTEE_MSG_PERFORMANCE = Finding(
    "optee-msg-performance",
    "OP-TEE's driver of performance domains compiles for 32-bit Arm only.",
    "For AArch64, correct the type in perf_domain.c, or leave the domains out.",
    Severity.NOTE,
)
TFA_MSG_MEMORY = Finding(
    "tfa-msg-memory",
    "The tree has no shared memory of an agent, without which TF-A does not serve it.",
    "Give the transport of the agent a shmem node, or define the macro of the header.",
    Severity.WARNING,
)
_OWN: Mapping[str, tuple[Finding, ...]] = {
    OPTEE.title: (OPTEE_MSG_CHANNEL, OPTEE_MSG_SCALE, OPTEE_MSG_PERFORMANCE),
    TFA.title: (TFA_MSG_MEMORY,),
}


def findings_of(variant: Variant) -> tuple[Finding, ...]:
    """The findings of a firmware, besides those of its limits."""
    return (_MSG_PERMISSIONS[variant.title], _MSG_ASSUMED[variant.title], *_OWN[variant.title])


def check(platform: Platform, variant: Variant) -> Iterator[Diagnostic]:
    """Problems that prevent these tables, and what they leave out, besides the limits."""
    yield from _channels(platform, variant)
    yield from _permissions(platform, variant)
    yield from _assumed(platform, variant)
    if variant.needs_memory:
        yield from _memory(platform)
    if Kind.PERFORMANCE in variant.limits.kinds:
        yield from _performance(platform)


def _channels(platform: Platform, variant: Variant) -> Iterator[Diagnostic]:
    seen: dict[int, str] = {}
    numbers = variant.numbers(platform)
    positions = {agent.name: agent.position for agent in platform.agents}
    for agent in sorted(platform.agents, key=lambda agent: agent.id):
        number = numbers[agent.id]
        first = seen.setdefault(number, agent.name)
        if number >= CHANNELS or first != agent.name:
            wrong = f"that of {first}" if first != agent.name else f"above {CHANNELS - 1}"
            yield OPTEE_MSG_CHANNEL.error(
                f"the channel number {number} of {agent.name} is {wrong}",
                agent.position,
                [] if first == agent.name else [Related(first, positions[first])],
                f"number the channels 0, 1, 2, … up to {CHANNELS - 1}, each once",
            )


def _permissions(platform: Platform, variant: Variant) -> Iterator[Diagnostic]:
    """Neither server has base messages 0x9 to 0xB."""
    trusted = [a for a in platform.agents if platform.has_right(a, Right.PERMISSIONS)]
    movable = [device for device in platform.devices if device.assignable]
    if trusted or movable:
        yield _MSG_PERMISSIONS[variant.title].note(
            f"{variant.title} has no messages that change permissions (base 0x9 to 0xB), so those "
            "at boot hold",
            trusted[0].position if trusted else movable[0].node.position,
            related(
                [(f"agent {agent.name}", agent.position) for agent in trusted]
                + [(f"assignable {device.node.path}", device.node.position) for device in movable]
            ),
        )


def _assumed(platform: Platform, variant: Variant) -> Iterator[Diagnostic]:
    """Values that neither the tree nor an agents file has, and agents are told all the same."""
    for kind, (word, function) in _VALUES.items():
        resources = platform.resources.get(kind, ()) if kind in variant.limits.kinds else ()
        found = [each for each in resources if not _known(platform, each)]
        if found:
            yield _MSG_ASSUMED[variant.title].warning(
                f"the tree has no {word} of {counted(len(found), title(kind))}; until a driver has "
                f"{function}(), agents are told what is assumed",
                where(found[0]),
                related([(each.name, where(each)) for each in found]),
                f"platform: {{assume: {{values: …}}}} where it is known; else {function}(), which "
                "reads it from the hardware",
            )


def _known(platform: Platform, resource: Resource) -> bool:
    """Whether a resource has a value, its own or that of the domain that sets it."""
    facts, domain = resource.facts, platform.scaled_by.get(resource.key)
    own = {
        Kind.CLOCK: facts.rates or facts.boot is not None,
        Kind.PERFORMANCE: facts.points,
        Kind.VOLTAGE: facts.voltages,
    }
    return bool(own[resource.kind] or (domain is not None and domain.facts.points))


def _memory(platform: Platform) -> Iterator[Diagnostic]:
    for agent in platform.agents:
        if memory_of(platform, agent) is None:
            yield TFA_MSG_MEMORY.warning(
                f"the tree has no shared memory of {agent.name}, of {LEAST_MEMORY} bytes at least; "
                "TF-A serves it only if platform_def.h says where that is",
                agent.position,
                hint="transport: {type: smc, smc-id: 0x82000010, shmem: LABEL}, where LABEL is a "
                "node with reg; or the macro SCMI_SHM_…_BASE of scmi_tables.h",
            )


def _performance(platform: Platform) -> Iterator[Diagnostic]:
    """OP-TEE answers with a sustained level of 0, and Linux takes levels for kHz then."""
    domains = platform.resources.get(Kind.PERFORMANCE, ())
    if domains:
        yield OPTEE_MSG_PERFORMANCE.note(
            "perf_domain.c of OP-TEE d5001fe0af66 declares message_id_is_supported() with another "
            "type than it defines, which only 32-bit compilers take",
            where(domains[0]),
            hint="for AArch64, write unsigned int for size_t in its definition",
        )
    for resource in domains:
        points = operating_points(platform, resource).points
        most = max(max(each.level, each.frequency, each.power) for each in points)
        if most > _WORD:
            yield OPTEE.limits.finding("level").error(
                f"a point of {resource.name} has a level, frequency or power of {most}; those of "
                f"OP-TEE go up to {_WORD}",
                where(resource),
            )
        if any(point.frequency not in (0, point.level) for point in points):
            yield OPTEE_MSG_SCALE.warning(
                f"levels of {resource.name} are not its frequencies in kHz; Linux multiplies them "
                "by 1000 for a rate in Hz, as OP-TEE tells it no scale",
                where(resource),
                hint="without opp-level in the table, frequencies are the levels",
            )
