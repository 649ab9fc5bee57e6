"""clingo on a certificate and its rules, beside clingo on the certificate alone, which it reads."""

from collections.abc import Iterator

from bench import Bench, cpu
from figures import Figure, ratio, value
from processes import Command, in_turns

#: Uses of the made-up board, and its agents. With a fact for each need and each grant, and for each
#: entry of the tree, its certificate had 180,000.
USES, AGENTS = 40_200, 16


def proving(bench: Bench) -> Iterator[Figure]:
    """Seconds, and how much of them are not reading."""
    clingo = bench.peer("clingo")
    if clingo is None:
        return
    uses = USES // 10 if bench.quick else USES
    folder = bench.folder / "certificate"
    folder.mkdir(exist_ok=True)
    words = (f"--uses={uses}", f"--agents={AGENTS}", "--certificate", str(folder))
    (facts,) = bench.script("scaling", *words)

    def command(*names: str) -> Command:
        return Command([clingo.python, "-m", "clingo", *names], folder)

    both = {
        "checked": command("certificate.lp", "checker.lp"),
        "read": command("certificate.lp"),
    }
    found = in_turns(both, bench.rounds(7))
    checked, read = cpu(found["checked"]), cpu(found["read"])
    of = f"clingo checks a certificate: {uses:,} uses, {AGENTS} agents, {facts:,} facts"
    seconds, spread = value({"": [each / 1000 for each in checked[""]]})
    yield Figure("proof/seconds", of, seconds, "s", spread, 1, timed=True)
    more, spread = ratio(checked, read)
    yield Figure("proof/read", of, more, "times reading it", spread)
