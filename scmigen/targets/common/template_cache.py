"""Keeps compiled templates between runs: compiling them takes longer than filling them in.

Loading one runs code, so it is only read from a folder, and from a file, that nobody else can write
to. A file starts with a checksum of the rest: Python's reader of code may crash on damaged bytes.
Jinja itself checks that a template was made from the same text by the same version of Python.
"""

import contextlib
import os
import stat
from hashlib import sha256
from pathlib import Path

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from scmigen import __version__
from scmigen.resources import cache_folder, is_ours

#: Bytes of the checksum.
_CHECKSUM = sha256().digest_size
#: The most bytes a kept template may have.
MAX_SIZE = 1 << 20


class _OwnFiles(BytecodeCache):
    """Jinja's interface for a cache, on files of this user."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, bucket: Bucket) -> Path:
        return self._folder / f"{__version__}.{bucket.key}.template"

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read a template whose file is this user's and undamaged."""
        try:
            with self._path(bucket).open("rb") as file:
                if not is_ours(os.fstat(file.fileno()), stat.S_IFREG):
                    return
                content = file.read(MAX_SIZE)
        except OSError:
            return
        code = content[_CHECKSUM:]
        if sha256(code).digest() == content[:_CHECKSUM]:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template where that is possible."""
        import tempfile

        code = bucket.bytecode_to_string()
        with contextlib.suppress(OSError):
            handle, temporary = tempfile.mkstemp(dir=self._folder)
            with open(handle, "wb") as file:  # noqa: PTH123 - it is a handle
                file.write(sha256(code).digest() + code)
            Path(temporary).replace(self._path(bucket))


def kept_templates() -> BytecodeCache | None:
    """The cache, if there is a folder that is this user's alone."""
    folder = cache_folder()
    return None if folder is None else _OwnFiles(folder)
