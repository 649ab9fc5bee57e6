"""A disk that is full: under shared files, under the log and the trace."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from server_running import SERVE

from scmigen.client import Client

BOARD = Path(__file__).parent / "full.json"
#: A tmpfs of one page at $0, which is used, and a program that sees it.
FULL = 'mount -t tmpfs -o size=4k none "$0" && head -c 4096 /dev/zero > "$0/all" && exec "$@"'


@pytest.fixture
def disk(tmp_path):
    """A full disk: its folder, and how to run a program that sees it."""
    folder = tmp_path / "disk"
    folder.mkdir()
    inside = ["unshare", "-rm", "sh", "-c", FULL, str(folder)]
    if shutil.which("unshare") is None or subprocess.run([*inside, "true"], check=False).returncode:
        pytest.skip("no file system can be mounted in a namespace of its own")
    return folder, inside


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--listen", "linux=smt:{0}/memory"], "Error: {0}/memory: No space left on device\n"),
        (
            ["--directory", "{1}", "--fastchannel", "{0}/fc:0x10000000:0x2000"],
            "Error: --fastchannel: {0}/fc: No space left on device\n",
        ),
    ],
    ids=["shared memory", "FastChannels"],
)
def test_shared_files_are_allocated_at_the_start(disk, tmp_path, options, told):
    folder, inside = disk
    options = [option.format(folder, tmp_path / "sockets") for option in options]
    done = subprocess.run(
        [*inside, sys.executable, "-c", SERVE, str(BOARD), *options],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (1, told.format(folder))


def test_a_full_disk_under_log_and_trace_stops_nothing(tmp_path):
    url = f"unix:{tmp_path}/linux"
    options = ["--listen", f"linux={url}", "--trace", "/dev/full"]
    with open("/dev/full", "w") as full:  # noqa: PTH123
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(BOARD), *options],
            stdout=subprocess.PIPE,
            stderr=full,
            text=True,
        )
    try:
        assert "ready\n" in iter(process.stdout.readline, "")
        for _ in range(2):
            with Client(url) as client:
                assert client.clock_rate(0) == 400_000_000
        process.send_signal(signal.SIGHUP)
        with Client(url) as client:
            assert client.clock_rate(0) == 400_000_000
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.communicate()
