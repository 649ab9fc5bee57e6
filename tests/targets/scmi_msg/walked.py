"""Emitted tables read back: compiled with declarations written by hand, and asked as the firmware's
drivers ask.

What is expected comes from the grants of the model and from the values of the runtime
configuration, which is another output.
"""

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from c_objects import objects_of, run

from scmigen import runtime
from scmigen.model.platform import Platform
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind
from scmigen.targets.make import make
from scmigen.targets.runtime.configuration import RuntimeOptions, to_runtime

HERE = Path(__file__).parent
#: What the firmware's own build asks of platform code: OP-TEE ``mk/compile.mk``, TF-A
#: ``make_helpers/cflags.mk`` with W=1 and W=2, and warnings are errors.
_FLAGS = {
    "optee": "-std=gnu11 -Wall -Wcast-align -Werror-implicit-function-declaration -Wextra "
    "-Wfloat-equal -Wformat-nonliteral -Wformat-security -Wformat=2 -Winit-self "
    "-Wmissing-declarations -Wmissing-format-attribute -Wmissing-noreturn -Wmissing-prototypes "
    "-Wnested-externs -Wpointer-arith -Wshadow -Wstrict-prototypes -Wswitch-default "
    "-Wwrite-strings -Wno-missing-field-initializers -Wno-format-zero-length "
    "-Wdeclaration-after-statement -Wredundant-decls -Wold-style-definition "
    "-Wstrict-aliasing=2 -Wundef",
    "tfa": "-std=gnu99 -Wall -Wunused -Wdisabled-optimization -Wvla -Wshadow -Wredundant-decls "
    "-Wextra -Wno-trigraphs -Wno-missing-field-initializers -Wno-type-limits -Wno-sign-compare "
    "-Wno-unused-parameter -Wold-style-definition -Wmissing-prototypes "
    "-Wmissing-format-attribute -Wundef -Wunused-const-variable=2 -Wlogical-op",
}
_HEADERS = {
    "optee": "assert.h compiler.h confine_array_index.h drivers/scmi-msg.h drivers/scmi.h "
    "initcall.h kernel/mutex_pm_aware.h mm/core_memprot.h mm/core_mmu.h trace.h util.h",
    "tfa": "platform_def.h cdefs.h common/debug.h drivers/scmi-msg.h drivers/scmi.h "
    "lib/spinlock.h lib/utils_def.h",
}
KINDS = {
    "optee": (Kind.CLOCK, Kind.VOLTAGE, Kind.PERFORMANCE, Kind.RESET),
    "tfa": (Kind.CLOCK, Kind.POWER, Kind.SENSOR, Kind.RESET),
}
#: Operations that the firmware has no message for.
_LACKS = {
    "optee": {(Kind.CLOCK, Operation.PARENT), (Kind.PERFORMANCE, Operation.LIMITS)},
    "tfa": {(Kind.SENSOR, Operation.CONFIG)},
}
_OK, _NOT_SUPPORTED, _INVALID, _DENIED, _NOT_FOUND, _OUT_OF_RANGE = 0, -1, -2, -3, -4, -5


def emitted(platform: Platform, firmware: str) -> dict[str, str]:
    """The files for a firmware, with drivers that do nothing."""
    name = f"{firmware}-msg"
    made = make(platform, name, {name: {"mocks": True}})
    assert made.files, [str(item) for item in made.diagnostics]
    return {file.path: file.content.decode() for file in made.files}


def stubs(folder: Path, firmware: str) -> None:
    """The headers of the firmware as far as they are needed, in one."""
    for name in (*_HEADERS[firmware].split(), "stubs.h"):
        path = folder / "stubs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        own = "#include_next <assert.h>\n" if name == "assert.h" else ""
        path.write_text(own or f'#include "{HERE / firmware}.h"\n')


WALKER = HERE / "walker.c"


def build(
    files: Mapping[str, str], firmware: str, gcc: str, folder: Path, walker: Path | None = WALKER
) -> Path:
    """The walker with the tables; warnings of the emitted files are errors."""
    folder.mkdir(parents=True, exist_ok=True)
    stubs(folder, firmware)
    for path, text in files.items():
        (folder / path).write_text(text)
    common = [gcc, f"-DFOR_{firmware.upper()}", f"-I{folder / 'stubs'}", f"-I{HERE}", f"-I{folder}"]
    strict = [*common, *_FLAGS[firmware].split(), "-Werror", "-O1"]
    lenient = [*common, "-w", "-std=gnu11"]
    made = objects_of(strict, folder, [folder / path for path in files if path.endswith(".c")])
    assert not any(errors for _, errors in made), made
    if walker:
        made += objects_of(lenient, folder, [walker])
        assert made[-1][0].exists(), made[-1]
    linked = run([*lenient, *(path for path, _ in made), "-o", folder / "walker"])
    assert linked.returncode == 0, linked.stderr[:4000]
    return folder / "walker"


def walk(
    files: Mapping[str, str], firmware: str, gcc: str, folder: Path, walker: Path | None = WALKER
) -> list[str]:
    """What the tables answer; without ``walker`` a file of theirs asks them."""
    program = build(files, firmware, gcc, folder, walker)
    done = subprocess.run([program], capture_output=True, text=True)
    assert (done.returncode, done.stderr[:2000]) == (0, "")
    return done.stdout.splitlines()


@dataclass(frozen=True)
class Expected:
    """What should be answered for a platform."""

    platform: Platform
    firmware: str
    beyond: int = 2

    @property
    def configuration(self) -> runtime.Runtime:
        every = {kind: self.platform.resources.get(kind, ()) for kind in Kind}
        return to_runtime(replace(self.platform, resources=every), RuntimeOptions())

    def operations(self, agent: int, kind: Kind) -> dict[int, tuple[int, frozenset[Operation]]]:
        """Id → number and operations of an agent, as far as the firmware has them."""
        found = {}
        for grant in self.platform.all_grants:
            kept = frozenset(o for o in grant.boot if (kind, o) not in _LACKS[self.firmware])
            if grant.agent.id == agent and grant.kind is kind and kept:
                found[grant.id] = (grant.resource.number, kept)
        return found

    def lines(self) -> list[str]:
        configuration = self.configuration
        agents = sorted(agent.id for agent in self.platform.agents)
        tables = {
            (agent, kind): self.operations(agent, kind)
            for agent in agents
            for kind in KINDS[self.firmware]
        }
        listed = [k for k in Kind if any(tables.get((a, k)) for a in agents)]
        found = [f"count {len(listed)}"]
        present = [k for k in KINDS[self.firmware] if self.platform.resources.get(k)]
        every = [*agents, *[None] * self.beyond]
        for number, agent in enumerate(every):
            mine = [k for k in listed if agent is not None and tables[agent, k]]
            protocols = [f"{int(k.protocol):02x}" for k in mine] if agent is not None else ["-"]
            found.append(" ".join([f"protocols {number}", *protocols]))
            for kind in present:
                table = tables.get((agent, kind), {})
                found += self.reads(number, kind, table, configuration)
        for number, agent in enumerate(every):
            for kind in present:
                found += self.sets(number, kind, tables.get((agent, kind), {}), configuration)
        return found

    def _ids(self, table: Mapping[int, object]) -> range:
        return range(max(table, default=-1) + 1 + self.beyond)

    def _named(self, kind: Kind, number: int) -> str:
        found = {item.number: item.short_name for item in self.platform.resources[kind]}
        return found[number].encode().hex()

    def _on(self, item: object) -> bool:
        """The state at boot: what is on then stays so until somebody votes."""
        assert isinstance(item, runtime.Clock | runtime.VoltageDomain | runtime.PowerDomain)
        return item.always_on or item.enabled

    def reads(
        self,
        agent: int,
        kind: Kind,
        table: Mapping[int, tuple[int, frozenset[Operation]]],
        configuration: runtime.Runtime,
    ) -> Iterator[str]:
        items = {item.id: item for item in configuration.resources(kind)}
        ids = {number: own for own, (number, _) in table.items()}
        for own in self._ids(table):
            number, operations = table.get(own, (-1, frozenset()))
            item = items.get(number)
            name = "-" if item is None else self._named(kind, number)
            read = Operation.READ in operations
            status = _NOT_FOUND if item is None else (_OK if read else _DENIED)
            match kind:
                case Kind.CLOCK:
                    yield self._clock(agent, own, name, item, status, ids)
                case Kind.VOLTAGE:
                    yield self._supply(agent, own, name, item, status)
                case Kind.PERFORMANCE:
                    yield self._domain(agent, own, name, item, status)
                case Kind.RESET:
                    does = _NOT_FOUND if item is None else _OK
                    warm = _NOT_SUPPORTED if item is not None else _NOT_FOUND
                    yield (
                        f"reset {agent} {own} name={name} cycle={does} warm={warm} "
                        f"assert={does} deassert={does}"
                    )
                case Kind.POWER:
                    on = item is not None and read and self._on(item)
                    sets = "20000000" if Operation.STATE in operations else "0"
                    state = "0" if on else "40000000"
                    yield f"pd {agent} {own} name={name} attributes={sets} state={state}"
                case Kind.SENSOR:
                    yield self._sensor(agent, own, name, item, status, table)

    def _clock(
        self,
        agent: int,
        own: int,
        name: str,
        item: object,
        status: int,
        ids: Mapping[int, int],
    ) -> str:
        text = f"clock {agent} {own} name={name}"
        rate, on, parents, parent = 0, 0, "", status
        if isinstance(item, runtime.Clock):
            on = int(self._on(item))
            if status == _OK:
                rate = item.rate
                values = ",".join(map(str, item.rates))
                text += f" range={values},{item.step}" if item.step else f" list={values}"
                visible = [ids[number] for number in item.parents if number in ids]
                parents = f" parents={','.join(map(str, visible))}" if visible else ""
                parent = _NOT_SUPPORTED if not visible else _NOT_FOUND
        text += f" read={status} rate={rate} on={on}"
        if self.firmware == "optee":
            return text
        if parents:
            assert isinstance(item, runtime.Clock)
            known = ids.get(-1 if item.parent is None else item.parent)
            return f"{text}{parents} parent={_NOT_FOUND if known is None else f'id{known}'}"
        return f"{text} parent={parent}"

    def _supply(self, agent: int, own: int, name: str, item: object, status: int) -> str:
        text = f"voltd {agent} {own} name={name}"
        level, config = 0, 99
        if isinstance(item, runtime.VoltageDomain) and status == _OK:
            level = item.level
            config = 7 if self._on(item) else 0
            values = ",".join(map(str, item.levels))
            if item.step:
                text += f" range={values},{item.step}"
            elif len(item.levels) == 1:  # a list would come with a wrong count of what remains
                text += f" range={values},{values},0"
            else:
                text += f" list={values}"
        return f"{text} read={status} level={status},{level} config={status},{config}"

    def _domain(self, agent: int, own: int, name: str, item: object, status: int) -> str:
        text = f"perf {agent} {own} name={name} sustained="
        if not isinstance(item, runtime.PerformanceDomain):
            return f"{text}{status},0 read={status} level={status},0"
        point = item.levels[item.sustained]
        text += f"0,{point.frequency}"
        level = 0
        if status == _OK:
            level = point.level
            rows = (
                f"{each.level}:{-(-each.power // 1000)}:{max(each.latency, 1)}"
                for each in item.levels
            )
            text += f" list={','.join(rows)}"
        return f"{text} read={status} level={status},{level}"

    def _sensor(
        self,
        agent: int,
        own: int,
        name: str,
        item: object,
        status: int,
        table: Mapping[int, object],
    ) -> str:
        count = max(table, default=-1) + 1
        if item is None:
            name = b"reserved".hex() if own < count else ""
        flags = (count - own - 1) << 16 | 1 if own < count else 0
        about = own if own < count else 0
        high = "e802" if item is not None else "0"
        value = 25000 + item.id if isinstance(item, runtime.Sensor) and not status else 0
        return (
            f"sensor {agent} {own} name={name} flags={flags:x} id={about} high={high} "
            f"value={status},{value} on={int(item is not None)}"
        )

    def sets(
        self,
        agent: int,
        kind: Kind,
        table: Mapping[int, tuple[int, frozenset[Operation]]],
        configuration: runtime.Runtime,
    ) -> Iterator[str]:
        items = {item.id: item for item in configuration.resources(kind)}
        ids = {number: own for own, (number, _) in table.items()}
        for own in self._ids(table):
            number, operations = table.get(own, (-1, frozenset()))

            def does(
                operation: Operation,
                well: int = _OK,
                may: frozenset[Operation] = operations,
                there: bool = own in table,
            ) -> int:
                return _NOT_FOUND if not there else well if operation in may else _DENIED

            item = items.get(number)
            match kind:
                case Kind.CLOCK:
                    text = (
                        f"set-clock {agent} {own} state={does(Operation.STATE)} "
                        f"rate={does(Operation.RATE)}"
                    )
                    if self.firmware == "tfa":
                        known = isinstance(item, runtime.Clock) and any(
                            each in ids for each in item.parents
                        )
                        moved = does(Operation.PARENT, _OK if known else _NOT_SUPPORTED)
                        text += f" parent={moved}"
                    yield text
                case Kind.VOLTAGE:
                    yield (
                        f"set-voltd {agent} {own} state={does(Operation.STATE)} "
                        f"level={does(Operation.LEVEL)} odd={does(Operation.STATE, _INVALID)}"
                    )
                case Kind.PERFORMANCE:
                    yield (
                        f"set-perf {agent} {own} level={does(Operation.LEVEL)} "
                        f"other={does(Operation.LEVEL, _OUT_OF_RANGE)}"
                    )
                case Kind.POWER:
                    yield (
                        f"set-pd {agent} {own} state={does(Operation.STATE)} "
                        f"later={does(Operation.STATE, _NOT_SUPPORTED)} "
                        f"odd={does(Operation.STATE, _INVALID)}"
                    )


def expected(platform: Platform, firmware: str) -> list[str]:
    """What the tables of a platform should answer."""
    return Expected(platform, firmware).lines()
