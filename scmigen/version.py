"""The version of the package, and of the file formats that it reads."""

__version__ = "0.1.0"

#: What ``scmigen --version`` prints.
VERSION = f"scmigen, version {__version__}"

#: The newest format of each kind of file: ``scmigen-KIND-NUMBER`` in its key ``format``.
FORMATS = {
    "agents": 1,
    "baseline": 1,
    "differences": 1,
    "grants": 1,
    "project": 1,
    "runtime": 1,
}


def format_of(kind: str) -> str:
    """The newest format of a kind of file."""
    return f"scmigen-{kind}-{FORMATS[kind]}"


def format_problem(kind: str, said: object) -> tuple[str, str] | None:
    """Why a file with this ``format`` is not read as ``kind``, and a hint; None where it is."""
    newest = format_of(kind)
    text = said if isinstance(said, str) else ""
    name, _, number = text.rpartition("-")
    if name != f"scmigen-{kind}" or not number.isdecimal() or number[0] not in "123456789":
        shown = f", not {text[:60]!r}" if text else ""
        return f"the format must be {newest}{shown}", "write that, if the file is one"
    if len(number) > 9 or int(number) > FORMATS[kind]:
        message = f"the format is {text[:60]!r}, and scmigen {__version__} reads up to {newest}"
        return message, "use the scmigen that the file was written for, or a newer one"
    return None
