"""Lets one `recado up` at a time use a data folder: two would each take the demo's numbers for their own fake Meta."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recado.config import SettingsError

if sys.platform != "win32":
    import fcntl


@contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """Holds the folder's lock while the block runs; it falls with the process, however that ends."""
    if sys.platform == "win32":
        yield
        return
    data_dir.mkdir(parents=True, exist_ok=True)
    lock = os.open(data_dir / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(lock, data_dir)
        yield
    finally:
        os.close(lock)


def _take(lock: int, data_dir: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SettingsError(
            f"RECADO_DATA_DIR must be a folder of its own, and another `recado up` runs on {data_dir}."
        ) from None
