"""``scmigen dissector``: what Wireshark needs to take captures apart."""

from scmigen.cli.declare import command
from scmigen.cli.report import say_document
from scmigen.client.dissector import dissector as text


@command(
    help="""Print a Lua dissector for the captures of `scmigen serve --capture`.

Wireshark and tshark load it from their folder of Lua plugins, or with -X lua_script:FILE.
"""
)
def dissector() -> None:
    say_document(text())
