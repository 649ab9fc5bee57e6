"""``scmigen dissector``: what Wireshark needs to take captures apart."""

import click

from scmigen.client.dissector import dissector as text


@click.command(
    help="""Print a Lua dissector for the captures of `scmigen serve --capture`.

Wireshark and tshark load it from their folder of Lua plugins, or with -X lua_script:FILE.
"""
)
def dissector() -> None:
    click.echo(text(), nl=False)
