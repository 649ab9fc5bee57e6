"""Whoever reads the first pages finds every output and every command."""

import re

import click
import pytest
from conftest import REPOSITORY

from scmigen.cli.main import cli
from scmigen.targets.registry import BUILT_IN

README = (REPOSITORY / "README.md").read_text()
WHICH = (REPOSITORY / "docs/howto/which-server.md").read_text()
START = (REPOSITORY / "docs/index.md").read_text()


@pytest.mark.parametrize("name", list(BUILT_IN))
def test_outputs_are_in_the_readme_and_in_the_choice_of_a_server(name: str) -> None:
    assert re.search(rf"`{name}/?`", README)
    assert f"`{name}`" in WHICH


@pytest.mark.parametrize("name", cli.list_commands(click.Context(cli)))
def test_commands_are_in_the_readme(name: str) -> None:
    assert re.search(rf"(`|scmigen ){name}\b", README)


def test_the_start_page_leads_to_the_page_of_every_firmware() -> None:
    pages = ("which-server", "scp-product", "scmi-msg", "imx-sm", "xen", "hvisor", "bpmp", "audit")
    assert [page for page in pages if f"/{page}.md" not in START] == []
