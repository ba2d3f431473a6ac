"""Writes a file over as a whole: whoever reads it meanwhile, or after a crash, finds the old text or the new one."""

import os
import shutil
import tempfile
from pathlib import Path


def write_over(file: Path, text: str) -> None:
    """Replaces a file's text and keeps its rights; a link stays one. Raises OSError."""
    target = file.resolve()
    number, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    beside = Path(name)
    try:
        with os.fdopen(number, "w", encoding="utf-8") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        shutil.copymode(target, beside)
        beside.replace(target)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
