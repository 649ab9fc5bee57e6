"""What a client's doorbells cost the server once it has gone: nothing."""

import subprocess
import sys

#: As many looks at an eventfd as 10,000 guests cause, and what the process holds before and after.
CHECKS = """
import fcntl, os
from scmigen.server.transports import doorbells

def data():
    with open("/proc/self/status") as status:
        return next(line.split()[1] for line in status if line.startswith("VmData:"))

bell = os.eventfd(0)
def look():
    for _ in range(20_000):
        # A number that no other string of the process has.
        number = fcntl.fcntl(bell, fcntl.F_DUPFD, 200)
        doorbells.check(number)
        os.close(number)

doorbells.check(bell)
before = data()
look()
print(before, data())
"""


def test_doorbells_of_thousands_of_clients_leave_nothing() -> None:
    run = subprocess.run([sys.executable, "-c", CHECKS], capture_output=True, text=True, check=True)
    before, after = run.stdout.split()
    assert before == after
