"""``python -m scmigen`` and the ``scmigen`` command: nothing is imported before it can be ended."""

import os


def run() -> None:
    """Import and run the command; Ctrl-C while it is imported is no traceback either."""
    try:
        from scmigen.cli.main import main

        main()
    except KeyboardInterrupt:
        os._exit(130)


if __name__ == "__main__":
    run()
