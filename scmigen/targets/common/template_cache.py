"""Keeps compiled templates between runs, because compiling them costs more than filling them in.

Jinja names a file after the template and checks that it was made from the same text. Loading one
runs code, so it is only read from the folder, and from a file, that nobody else can write to.
"""

import contextlib
import os
import stat
from pathlib import Path

from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket

from scmigen import __version__
from scmigen.resources import cache_folder, is_ours


class _OwnFiles(FileSystemBytecodeCache):
    """Jinja's cache, for files of this user only; one that cannot be kept is no error."""

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read a template unless its file is somebody else's."""
        try:
            status = Path(self._get_cache_filename(bucket)).lstat()
        except OSError:
            return
        if is_ours(status, stat.S_IFREG):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template where that is possible."""
        with contextlib.suppress(OSError):
            super().dump_bytecode(bucket)


def kept_templates() -> FileSystemBytecodeCache | None:
    """The cache; none where there is no folder that is this user's alone."""
    folder = cache_folder()
    if folder is None:
        return None
    return _OwnFiles(os.fspath(folder), f"{__version__}.%s.template")
