"""Project files (``scmigen.toml``): boards, and how each is read, numbered and built."""
