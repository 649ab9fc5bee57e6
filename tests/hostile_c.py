"""Reads the hostile sources, each in a child of its own, and prints processor time, memory and
outcome of each: ``python hostile_c.py FOLDER``.
"""

import os
import re
import resource
import sys
from pathlib import Path

from scmigen.csource.library import Library
from scmigen.csource.limits import Budget, TooMuchError
from scmigen.csource.sources import Sources

DOUBLED = "#define A0 1, 1,\n" + "".join(f"#define A{n} A{n - 1} A{n - 1}\n" for n in range(1, 60))
FOREVER = "int f(void) {{ {0} while (1) {{ {1} }} }} int a = f();"
TEXTS = {
    "macros that double": f"{DOUBLED}int a[] = {{ A59 }};",
    "calls without an end": "#define F(x) x\n" + "F( " * 20_000,
    "a long macro": "#define A " + "x " * 200_000 + "\n" + "A\n" * 60,
    "a long condition": "#if " + "1+" * 200_000 + "1\n#endif\nint a = 1;",
    "one long line": "int a = " + "+" * 1_000_000 + ";",
    "more than a megabyte": "int a;\n" * 300_000,
    "arguments of arguments": "#define F(x) x x\nint a[] = { "
    + "F(" * 30
    + "1,"
    + ")" * 30
    + " };",
    "ranges": "int a[65536] = {" + ", ".join(f"[0 ... 65535] = {n}" for n in range(500)) + "};",
    "copies of tables": "struct s { int t[10000]; };\n"
    + FOREVER.format("struct s x = { { [0 ... 9999] = 1 } }, y;", "y = x;"),
    "long texts": FOREVER.format("int k = 0;", 'k += "' + "x" * 60_000 + '"[0];'),
    "long texts that are printed": FOREVER.format(
        "char t[65536];", 'snprintf(t, 65536, "' + "%s" * 900 + '"' + ', "xxxxxxxxxx"' * 900 + ");"
    ),
    "names everywhere": "int a = wanted();\n//" + "wanted(" + ")" * 2000 + "wanted(" * 100_000,
    "calls of calls": "".join(
        f"int f{n}(void) {{ return f{n + 1}() + f{n + 1}(); }}" for n in range(29)
    )
    + "int f29(void) { return 1; } int a = f0();",
    "a structure in itself": (
        "struct s { struct s x; union { struct s y; }; } b; int a = b.x.x.y.x.z;"
    ),
}


def read(name: str, folder: Path) -> None:
    """Reads one."""
    path = folder / "a.c"
    path.write_text(TEXTS[name])
    library = Library(Sources([folder], [folder], Budget()), {}, lambda: [path])
    try:
        unit = library.unit(path)
        outcome = "read" if unit is None else str(unit.object("a"))[:40]
    except TooMuchError as problem:
        outcome = f"refused: {problem}"
    used = resource.getrusage(resource.RUSAGE_SELF)
    # ru_maxrss has the memory of the process that started this one.
    peak = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())
    assert peak is not None
    words = (f"{used.ru_utime + used.ru_stime:.2f}", int(peak[1]) >> 10, outcome)
    print(*words, flush=True)


def main(folder: Path) -> None:
    """Reads all."""
    for name in TEXTS:
        child = os.fork()
        if child == 0:
            read(name, folder)
            os._exit(0)
        if os.waitpid(child, 0)[1]:
            print("99 9999 it died", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
