"""docs/changes: each file is well-formed, and a release moves them all into CHANGELOG.md."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from conftest import REPOSITORY

CHANGES = REPOSITORY / "docs" / "changes"

#: As Keep a Changelog has them.
KINDS = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")

NAME = re.compile(rf"\+[a-z0-9-]+\.({'|'.join(kind.lower() for kind in KINDS)})\.md")


def test_a_fragment_has_a_kind_and_says_something() -> None:
    for path in CHANGES.glob("*"):
        assert NAME.fullmatch(path.name), "docs/changes/+WORDS.KIND.md, as CONTRIBUTING.md has it"
        text = path.read_text()
        assert re.match(r"\w|[`*]\S", text), f"{path.name}: no bullet, no heading"
        assert text.endswith((".\n", "```\n")), f"{path.name}: whole sentences"


def test_a_release_moves_the_fragments_into_the_changelog(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "CHANGELOG.md"):
        shutil.copy(REPOSITORY / name, tmp_path)
    fragments = tmp_path / "docs" / "changes"
    fragments.mkdir(parents=True)
    for path in CHANGES.glob("*"):
        shutil.copy(path, fragments)
    for kind in KINDS:
        (fragments / f"+sample.{kind.lower()}.md").write_text(f"Sample of what was {kind}.\n")
    said = [path.read_text().splitlines()[0] for path in fragments.iterdir()]

    command = [sys.executable, "-m", "towncrier", "build", "--yes", "--version", "99.0"]
    command += ["--date", "2000-01-02"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)

    assert run.returncode == 0, run.stderr
    assert list(fragments.glob("*.md")) == []
    before = (REPOSITORY / "CHANGELOG.md").read_text()
    top, old = before.split("<!-- releases -->\n")
    changelog = (tmp_path / "CHANGELOG.md").read_text()
    assert changelog.startswith(top)
    assert changelog.endswith(old)
    new = changelog.removeprefix(top).removesuffix(old)
    assert "\n## 99.0 (2000-01-02)\n" in new
    for kind in KINDS:
        part = new.split(f"\n### {kind}\n")[1].split("\n### ")[0]
        assert f"\n- Sample of what was {kind}.\n" in part
    assert all(f"- {line}\n" in new for line in said)
