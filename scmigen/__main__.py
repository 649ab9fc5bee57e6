"""``python -m scmigen``."""

from scmigen.cli.main import main

main()
