"""What evidence is about: the versions and hashes of all that was read, and of what was made."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from scmigen.bindings.driver_files import file_of
from scmigen.diagnostics import InputError
from scmigen.inputs import read_bytes
from scmigen.model.lockfile import format_lock
from scmigen.model.platform import Platform
from scmigen.scmi import may
from scmigen.targets.common.digest import digest_of
from scmigen.targets.common.files import File
from scmigen.tuples import NamedTuple

#: What stands for a hash where there is no file of that name: a board that a program has as text.
NO_FILE = "no file"


class Source(NamedTuple):
    """A file with its SHA-256; ``role``: an input, the tool, or an output."""

    role: str
    name: str
    digest: str


def sources_of(platform: Platform, made: Iterable[File]) -> Iterator[Source]:
    """The files behind a page: those read, the definition, and those ``made`` of the same facts."""
    record = platform.record
    for file in record.files if record is not None else ():
        yield Source("input", platform.places.name(file), _of_file(file))
    yield from _tables(platform)
    if record is not None and record.lock.file:
        # It need not have been read, so it has no name from where the board is.
        name = Path(record.lock.file).name
        yield Source("lock", name, hexadecimal(format_lock(record.lock).encode()))
    yield Source("definition", "scmigen/scmi/may.py", _of_file(str(may.__file__)))
    for each in made:
        yield Source("output", each.path, hexadecimal(each.content))


def hexadecimal(content: bytes) -> str:
    """The SHA-256 of some content, as ``sha256sum`` prints it."""
    return digest_of(content).hex()


def _tables(platform: Platform) -> Iterator[Source]:
    """The tables of drivers that come with scmigen, of those that agents have."""
    tables = platform.decided.assignment.drivers.values() if platform.decided is not None else ()
    own = (each for of_agent in tables for each in of_agent if not each.is_own and not each.file)
    for name in sorted({table.name for table in own}):
        yield Source("table of drivers", name, _of_file(str(file_of(name))))


def _of_file(name: str) -> str:
    try:
        return hexadecimal(read_bytes(Path(name)))
    except InputError:
        return NO_FILE
