"""What a process takes: processor time, and memory at its peak.

Times are of user and system, in milliseconds: other programs on the machine disturb them far less
than the time on the wall. A ratio is that of minima, of programs that took turns.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

#: Runs a command and prints its status, processor seconds and peak memory in KiB. The kernel counts
#: the memory of the process that starts another as the other's, so that one has to be small.
PROBE = """
import os, sys
null = os.open(os.devnull, os.O_RDWR)
into = [(os.POSIX_SPAWN_DUP2, null, number) for number in range(3)]
process = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=into)
_, status, used = os.wait4(process, 0)
print(os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


class Used(NamedTuple):
    """Milliseconds of processor time, and MiB of memory at the peak."""

    cpu: float
    peak: float


class Command(NamedTuple):
    """A command, the folder it runs in, and the exit statuses that are right."""

    words: Sequence[str]
    folder: Path | None = None
    statuses: frozenset[int] = frozenset({0})


def run(command: Command) -> Used:
    """Run a command once; ends the program if its status is not right."""
    words = list(command.words)
    program = shutil.which(words[0])
    if program is None:
        raise SystemExit(f"{words[0]} is not installed")
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", PROBE, program, *words[1:]],
        cwd=command.folder,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    status, seconds, peak = done.stdout.split()
    if int(status) not in command.statuses:
        # What it says costs time, so it is heard only now.
        subprocess.run(words, cwd=command.folder, stdin=subprocess.DEVNULL, check=False)
        raise SystemExit(f"{' '.join(words)} ended with {status}")
    return Used(1000 * float(seconds), int(peak) / 1024)


def in_turns(commands: Mapping[str, Command], rounds: int) -> dict[str, list[Used]]:
    """Each command once a round; the first round, which fills caches, does not count."""
    found: dict[str, list[Used]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            used = run(command)
            if number:
                found[name].append(used)
    return found


def cpu(work: Callable[[], object]) -> float:
    """Milliseconds of processor time that this process needs for some work."""
    start = time.process_time()
    work()
    return 1000 * (time.process_time() - start)


def pss(process: int) -> int:
    """KiB of memory of a process and all below it; what several share is divided among them."""
    total, waiting = 0, [process]
    while waiting:
        at = waiting.pop()
        try:
            rollup = Path(f"/proc/{at}/smaps_rollup").read_text()
            children = Path(f"/proc/{at}/task/{at}/children").read_text()
        except OSError:  # it has ended
            continue
        total += int(rollup.partition("\nPss:")[2].split()[0])
        waiting.extend(map(int, children.split()))
    return total


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
