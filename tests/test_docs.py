"""The docs say what the code does: every setting, every link, every word of the map."""

import re
from pathlib import Path

import pytest

from recado.cli.node_pages import pages
from recado.config import PREFIX, Settings

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def test_every_setting_is_documented_with_its_default() -> None:
    page = (ROOT / "docs" / "guide" / "settings.md").read_text()

    for name, info in Settings.model_fields.items():
        shown = "" if info.default in (None, ()) else f"`{info.default}`"
        assert f"| `{PREFIX}{name.upper()}` | {shown} | {info.description} |" in page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_the_pages_of_the_node_types_are_fresh() -> None:
    written = {path.stem: path.read_text() for path in (ROOT / "docs" / "nodes").glob("*.md")}

    assert written == pages(), "run `make gen`"


def test_the_map_names_files_that_exist() -> None:
    text = (ROOT / "README.md").read_text()

    for room, first in re.findall(r"^\| `(\w+)/` \|.*\| `(\w+\.py)` \|$", text, re.MULTILINE):
        assert (ROOT / "src" / "recado" / room / first).exists(), f"{room}/{first}"
    for path in re.findall(r"`((?:engine|store|web|worker|whatsapp|cli)/\w+\.py)`", text):
        assert (ROOT / "src" / "recado" / path).exists(), path
