"""The real product as a subprocess: `recado up`, `serve` or `fake-meta` with settings of its own, and how to talk to it.

A start is over when the process has printed its address and `/readyz` agrees; a stop is SIGTERM, and must end with
exit code 0 within ten seconds.
"""

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.e2e.client import Client, until

API_AT = re.compile(r"The API is at (\S+)/api/v1/")
FAKE_AT = re.compile(r"(?:Talk to the demo bot: |The fake WhatsApp is at )(\S+)/")
SPEAKS_WITHIN = 120.0  # seconds; a first start makes a database
STOPS_WITHIN = 10.0  # seconds, the product's own promise


@dataclass
class Product:
    """A running `recado` command. Its log is what it wrote to standard error."""

    process: subprocess.Popen[str]
    log: Path
    said: list[str] = field(default_factory=list)
    _lines: "queue.Queue[str | None]" = field(default_factory=queue.Queue)

    def __post_init__(self) -> None:
        threading.Thread(target=self._listen, daemon=True).start()

    @cached_property
    def api(self) -> Client:
        """The API, nobody signed in."""
        return Client(f"{self.announced(API_AT)}/api/v1")

    @cached_property
    def fake(self) -> Client:
        """The fake WhatsApp's control address, where this process runs it."""
        return Client(self.announced(FAKE_AT))

    def announced(self, pattern: re.Pattern[str]) -> str:
        """Gives the first group of the printed line that matches, waiting until it is printed."""
        while True:
            for line in self.said:
                if found := pattern.search(line):
                    return found[1]
            spoken = self._lines.get(timeout=SPEAKS_WITHIN)
            assert spoken is not None, f"ended with {self.process.wait()}: {self.log.read_text()}"
            self.said.append(spoken)

    def logged(self, event: str, *, since: int = 0) -> list[dict[str, Any]]:
        """Lists the log's lines of one event; `since` is a place in the log, in bytes."""
        lines = self.log.read_bytes()[since:].splitlines()
        parsed = [json.loads(line) for line in lines if line.startswith(b"{")]
        return [line for line in parsed if line["event"] == event]

    @property
    def place(self) -> int:
        """Says how long the log is by now."""
        return self.log.stat().st_size

    def stop(self) -> None:
        """Asks the process to end, and fails unless it does so in time and without complaint."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=STOPS_WITHIN)
        assert code == 0, f"ended with {code}: {self.log.read_text()[-4_000:]}"

    def _listen(self) -> None:
        for line in self.process.stdout or ():
            self._lines.put(line)
        self._lines.put(None)


@contextmanager
def run(*command: str, folder: Path, **settings: str) -> Iterator[Product]:
    """Runs `recado <command>` in a folder of its own while the block lasts; settings without `RECADO_`, any case."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "stderr.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "recado", *command],
            env=_environment(settings),
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
    try:
        product = Product(process, log)
        yield product
        product.stop()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def serving(*command: str, folder: Path, **settings: str) -> Iterator[Product]:
    """Runs a command that serves the API, on any free port, and waits until it is ready."""
    settings = {"port": "0", "fake_meta_port": "0", "data_dir": str(folder / "data"), **settings}
    with run(*command, folder=folder, **settings) as product:
        until(lambda: product.api.ask("GET", "/readyz").status == 200)
        yield product


def _environment(settings: dict[str, str]) -> dict[str, str]:
    """Gives this process's environment with none of its own settings but these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RECADO_")}
    return kept | {f"RECADO_{name.upper()}": value for name, value in settings.items()}
