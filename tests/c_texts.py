"""C texts read by scmigen, and the same texts through a compiler."""

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from scmigen.csource.cursor import Cursor
from scmigen.csource.limits import Budget
from scmigen.csource.sources import Sources
from scmigen.csource.tokens import lines
from scmigen.csource.unit import Unit, read_unit
from scmigen.csource.values import Value

HEAD = "#include <stdint.h>\n#include <stdbool.h>\n#include <stddef.h>\n"


def unit_of(folder: Path, text: str, budget: Budget | None = None, **headers: str) -> Unit:
    """A source; ``headers`` are beside it, by their names without ``.h``."""
    for name, content in headers.items():
        (folder / f"{name}.h").write_text(content)
    path = folder / "tables.c"
    path.write_text(text)
    unit = read_unit(path, Sources([folder], [folder], budget or Budget()), {})
    assert unit is not None
    return unit


def value_of(unit: Unit, expression: str) -> Value:
    """The value of an expression in a source."""
    tokens = [token for line in lines(expression, "asked") for token in line.tokens]
    return unit.evaluator.value(unit.evaluator.parser.expressions.expression(Cursor(tokens)))


def compiled(
    tool: Callable[[str], str], folder: Path, text: str, expressions: Sequence[str]
) -> list[int]:
    """What a compiled program prints for the expressions."""
    prints = "".join(f'    printf("%lld\\n", (long long)({one}));\n' for one in expressions)
    source = folder / "program.c"
    source.write_text(f"{HEAD}#include <stdio.h>\n{text}\nint main(void)\n{{\n{prints}}}\n")
    program = folder / "program"
    gcc = tool("gcc")
    subprocess.run(
        [gcc, "-w", "-fshort-enums", "-o", program, source], check=True, capture_output=True
    )
    out = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    return [int(line) for line in out.split()]


TEXT = """
#include "ids.h"
#include "missing.h"
#define COUNT(A) (sizeof(A) / sizeof((A)[0]))
#define CELL(place, word, ...) [place] = { .name = #word, .id = ID_##word, ##__VA_ARGS__ }
#define WORDS(n) (((n) >> 4) + 1)
#define MAP(m, x, ...) m(x) REST(m, ##__VA_ARGS__)
#define REST(m, ...)
typedef uint16_t perms_t;
struct inner { uint8_t low, high; };
struct row {
    const char *name;
    unsigned int id : 12;
    struct inner pair;
    union { int one; struct { int two, three; }; };
    bool on;
};
enum { FIRST, SECOND = 4, THIRD, LAST = THIRD + SECOND };
static const struct row rows[] = {
    CELL(FIRST, alpha), CELL(THIRD, beta, .on = true, .pair = { 1, 2 }),
#ifdef WITH_GAMMA
    CELL(SECOND, gamma),
#elif defined(ID_alpha) && ID_alpha == 7
    CELL(SECOND, delta, .pair.high = 300),
#endif
};
static perms_t perms[][3][WORDS(20)] = { [1] = { [2][0] = 1 << 3, [2][1] = ~0 }, };
static const int flat[2][3] = { 1, 2, 3, 4 };
static const int ranged[] = { [2 ... 4] = 6, 9 };
static const struct inner pairs[] = { 1, 2, { 3 }, 4, 5 };
static const uint8_t *const pointer = &pairs[1].low;
static const struct row *const middle = &rows[4];
static const char word[] = "ab" "cd";
static int unset[COUNT(rows)];
static const int negative = -7 / 2, shifted = (5 & 3) << 2 | 1, chosen = FIRST ? 10 : 20;
static const struct hidden hid = { .a = 3, .b = { [2] = 5 } };
static const struct hidden order = { 3, 4 };
static const int runtime = reader(3);
"""

IDS = """
#ifndef IDS_H
#define IDS_H
#define ID_alpha 7
enum ids { ID_beta = ID_alpha + 1, ID_gamma, ID_delta };
#endif
"""

RUN = """
#define NULL ((void *)0)
struct element { const char *name; const void *data; };
struct config { int parent; int kind; };
static struct element fixed[] = { { "GPU", &(struct config){ 1, 2 } }, { "SYS", 0 } };
static const struct element other[] = { { "GPU" }, { "A" }, { "B" }, { 0 } };
static unsigned int count(void) { return 2 * PAIRS; }
static const struct element *made(int module)
{
    struct element *table;
    struct config *config;
    unsigned int i = 0;
    int status = hardware();

    if (status != 0) {
        return NULL;
    }
    table = fwk_mm_calloc(count() + 3, sizeof(struct element));
    if (table == NULL)
        return NULL;
    do {
        config = fwk_mm_calloc(1, sizeof(*config));
        table[i].name = fwk_mm_alloc(16, 1);
        snprintf((char *)table[i].name, 16, "CLUS%uCORE%02u", i / 2, i % 2);
        config->parent = 10;
        config->parent += i;
        table[i].data = config;
    } while (++i < count());
    memcpy(table + count(), fixed, 2 * sizeof(struct element));
    ((struct config *)table[count()].data)->parent = 44;
    return table;
}
static const struct element *chosen(int module)
{
    switch (board()) {
    case 0:
        return fixed;
    default:
        return other;
    }
}
static const struct element *measured(int module)
{
    int cores;
    switch (board()) {
    case 1: cores = 2; break;
    default: cores = 4; break;
    }
    for (cores = cores; cores > 3; cores--)
        fixed[0].data = NULL;
    return fixed;
}
static const struct element *jumps(int module)
{
    goto out;
out:
    return fixed;
}
static const struct element *forever(int module)
{
    while (1) { module++; }
    return fixed;
}
static int nested(int x) { return nested(x + 1); }
"""
