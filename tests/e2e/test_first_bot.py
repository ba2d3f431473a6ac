"""The guide `docs/guide/first-bot.md` is the test: its commands run in one shell, and print what it says they print."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.server import serving

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "guide" / "first-bot.md").read_text("utf-8")
FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OWNER = re.compile(r"\bRECADO_(\w+)=(\S+)")
END = "\x1e"  # printed after each block


@dataclass(frozen=True)
class Block:
    """Commands of the guide, and what it says that they print."""

    commands: str
    prints: str
    name: str


def blocks() -> list[Block]:
    """Lists the guide's commands, each with the text that follows before the next commands."""
    fenced = FENCED.findall(GUIDE)
    assert {kind for kind, _ in fenced} == {"console", "sh", "text"}
    after = [*fenced[1:], ("", "")]
    return [
        Block(text, following if kind == "text" else "", f"{index}-{text.split()[-1][:30]}")
        for index, ((own, text), (kind, following)) in enumerate(zip(fenced, after, strict=True))
        if own == "sh"
    ]


BLOCKS = blocks()


@pytest.fixture(scope="module")
def printed(quick_place: Path) -> Iterator[list[str]]:
    """What each block prints, against a server that was started as the guide says."""
    owner = {name.lower(): value for name, value in OWNER.findall(GUIDE)}
    with serving("up", folder=quick_place / "first-bot", **owner) as product:
        server = product.api.url.removesuffix("/api/v1")
        yield run_blocks({"RECADO": server, "WHATSAPP": product.fake.url})


def run_blocks(addresses: dict[str, str]) -> list[str]:
    """Runs all blocks in one bash; the first that fails ends it."""
    script = "set -eo pipefail\n" + "".join(f"{b.commands}\nprintf '{END}'\n" for b in BLOCKS)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=ROOT,
        env={**os.environ, **addresses, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4_000:]
    return done.stdout.split(END)


def test_the_guide_shows_the_whole_scenario(printed: list[str]) -> None:
    assert len(printed) == len(BLOCKS) + 1 > 15


@pytest.mark.parametrize("index", range(len(BLOCKS)), ids=[block.name for block in BLOCKS])
def test_the_guide_prints_what_it_says(printed: list[str], index: int) -> None:
    assert printed[index].strip() == BLOCKS[index].prints.strip()
