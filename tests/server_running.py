"""A server with its transports in a thread of the test process, and its log."""

import threading
import time
from contextlib import contextmanager

from scmigen.server import Server
from scmigen.server.service import Service


class Running:
    """A service in a thread, with its log."""

    def __init__(self, board, urls, trace=None):
        self.log = []
        self.server = Server(board)
        endpoints = {self.server.agent(name): url for name, url in urls.items()}
        self.service = Service(self.server, endpoints, self.note, trace)

    def note(self, line, _):
        self.log.append(line)

    @contextmanager
    def running(self):
        with self.service:
            thread = threading.Thread(target=self.service.run)
            thread.start()
            try:
                yield self
            finally:
                self.service.stop()
                thread.join(10)
                assert not thread.is_alive()

    def logged_like(self, start):
        """Wait until the log has a line that begins so."""
        for _ in range(500):
            if any(line.startswith(start) for line in self.log):
                return True
            time.sleep(0.01)
        return False

    def logged(self, line):
        """Wait until the log has ``line``."""
        for _ in range(500):
            if line in self.log:
                return True
            time.sleep(0.01)
        return False

    def until_connected(self, name, times):
        """Wait until an agent has connected so often."""
        for _ in range(12_000):
            if sum(line.startswith(f"{name}: connected (") for line in self.log) >= times:
                return
            time.sleep(0.01)
        raise AssertionError(f"{name} has not connected {times} times")
