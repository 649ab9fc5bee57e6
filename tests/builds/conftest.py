"""A copy of examples/build, and scmigen as the tools find it: counted, and without a network."""

import os
import sys
from pathlib import Path
from shutil import copytree

import pytest
from build_project import Project
from conftest import REPOSITORY

#: What fails with every use of the network.
_NO_NETWORK = """import socket
class _Refused(socket.socket):
    def __init__(self, *a, **k): raise OSError('a build uses the network')
socket.socket = _Refused
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The examples, in a folder with blanks in its name."""
    root = tmp_path / "a folder with blanks"
    copytree(REPOSITORY / "examples/build", root)
    (root / "bin").mkdir()
    (root / "bin/sitecustomize.py").write_text(_NO_NETWORK)
    script = root / "bin/scmigen"
    script.write_text(
        f'#!/bin/sh\ncase "$*" in *--list-outputs*|--*) ;; *) echo "$*" >>"{root}/runs" ;; esac\n'
        f'exec "{sys.executable}" -m scmigen "$@"\n'
    )
    script.chmod(0o755)
    environment = os.environ | {
        "PATH": f"{root}/bin:{os.environ['PATH']}",
        "PYTHONPATH": f"{root}/bin",
    }
    return Project(root, environment)
