"""The folder of the bundled server: who owns it, how it is made, and what its lock file says."""

import hashlib
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from recado.store.postgres_binaries import Binaries, EmbeddedError, reachable

_SOCKET = ".s.PGSQL.5432"
_LONGEST_SOCKET_PATH = 107  # sockaddr_un has 108 bytes with the closing NUL, 104 on macOS
_HERE = "/proc/self/cwd"

# Written once, by initdb, into postgresql.conf, where the operator may change them. What goes to the log holds no
# message bodies: neither parameters nor the details of errors.
_SETTINGS = {
    "max_connections": "100",
    "shared_buffers": "128MB",
    "wal_compression": "on",
    "max_wal_size": "2GB",
    "min_wal_size": "256MB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "autovacuum_naptime": "10s",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_duration_statement": "2s",
    "log_parameter_max_length": "0",
    "log_error_verbosity": "terse",
}


@dataclass(frozen=True)
class Cluster:
    """A data folder's PostgreSQL files. `uid` and `gid` are whom the server runs as: never root."""

    data_dir: Path
    uid: int
    gid: int

    @property
    def folder(self) -> Path:
        """Gives PostgreSQL's own data folder."""
        return self.data_dir / "postgres"

    @property
    def log(self) -> Path:
        """Gives the server's log file."""
        return self.data_dir / "postgres.log"

    @property
    def major(self) -> int | None:
        """Reads the major version that made the data; None before the first start."""
        try:
            return int((self.folder / "PG_VERSION").read_text().strip())
        except FileNotFoundError:
            return None

    def as_owner(self, folder: Path) -> tuple[str, dict[str, object]]:
        """Says how the owner names `folder`, and the arguments of Popen that run a program as the owner in it.

        When the owner may not enter the parents (root's home, a mounted volume), the kernel's link to the current
        folder leads there past them, and the parents keep their rights.
        """
        if os.getuid() != 0:
            return str(folder), {"cwd": folder}
        owner: dict[str, object] = {
            "cwd": folder, "user": self.uid, "group": self.gid, "extra_groups": [],
        }  # fmt: skip
        if reachable(folder, uid=self.uid, gid=self.gid):
            return str(folder), owner
        if not os.path.isdir(_HERE):
            raise EmbeddedError(
                f"RECADO_DATA_DIR must be a folder that the user {_name(self.uid)} can reach when Recado is started"
                f" as root, and {self.data_dir} is not."
            )
        return _HERE, owner

    def give(self, path: Path) -> None:
        """Makes the server's user the owner of a path, when we are root."""
        if os.getuid() == 0:
            os.chown(path, self.uid, self.gid)


def open_cluster(data_dir: Path) -> Cluster:
    """Makes the data folder when it is missing, and finds out whom its server runs as."""
    data_dir.mkdir(parents=True, exist_ok=True)
    if os.getuid() != 0:
        return Cluster(data_dir=data_dir.resolve(), uid=os.getuid(), gid=os.getgid())
    owner = _owner(data_dir / "postgres") or pwd.getpwnam("nobody")
    return Cluster(data_dir=data_dir.resolve(), uid=owner.pw_uid, gid=owner.pw_gid)


def password(cluster: Cluster) -> str:
    """Reads the server's password, or makes it when there is no cluster yet."""
    path = cluster.data_dir / "postgres.password"
    if path.exists():
        return path.read_text().strip()
    if cluster.major is not None:
        raise EmbeddedError(
            f"{path} is missing: put the file back from a backup of the data folder."
        )
    made = secrets.token_urlsafe(24)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(made)
        file.flush()
        os.fsync(file.fileno())
    return made


def socket_folder(cluster: Cluster) -> Path:
    """Makes the private folder of the server's socket: in the data folder, or a short one when that can't be used."""
    folder = cluster.data_dir / "run"
    long = len(os.fsencode(folder / _SOCKET)) > _LONGEST_SOCKET_PATH - 4
    if long or not reachable(cluster.data_dir, uid=cluster.uid, gid=cluster.gid):
        key = hashlib.sha256(os.fsencode(cluster.data_dir)).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"recado-{key}"
    if not folder.exists():
        folder.mkdir(mode=0o700)
        cluster.give(folder)
    about = folder.lstat()
    if folder.is_symlink() or about.st_uid != cluster.uid or about.st_mode & 0o077:
        raise EmbeddedError(f"{folder} does not belong to {_name(cluster.uid)} alone: remove it.")
    return folder


def drop_socket_folder(cluster: Cluster) -> None:
    """Removes the socket's folder when nothing is in it any more."""
    with suppress(OSError):
        socket_folder(cluster).rmdir()


def make_cluster(
    cluster: Cluster, binaries: Binaries, *, secret: str, settings: Mapping[str, str]
) -> None:
    """Runs initdb in a folder of its own and puts it into place in one step, so that no half-made cluster remains."""
    if cluster.folder.exists() and any(cluster.folder.iterdir()):
        raise EmbeddedError(
            f"{cluster.folder} holds files that are not a PostgreSQL database: move them away."
        )
    draft = cluster.data_dir / "postgres.new"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    cluster.give(draft)
    password_file = socket_folder(cluster) / "password"
    password_file.unlink(missing_ok=True)
    password_file.touch(mode=0o600)
    password_file.write_text(secret)
    cluster.give(password_file)
    try:
        _run_initdb(cluster, binaries, draft, password_file=password_file, settings=settings)
    finally:
        password_file.unlink()
    if cluster.folder.exists():
        cluster.folder.rmdir()
    draft.rename(cluster.folder)


def running_pid(cluster: Cluster) -> int | None:
    """Reads the lock file: the server's process, when it is one that lives."""
    pid = _pid_in(cluster.folder / "postmaster.pid")
    return pid if pid is not None and _is_server(pid, cluster) else None


def running_socket_folder(cluster: Cluster) -> Path:
    """Reads the lock file: where the running server's socket is (line 5), or will be once it is there."""
    try:
        lines = (cluster.folder / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        lines = []
    return Path(lines[4]) if len(lines) > 4 and lines[4] else socket_folder(cluster)


def drop_stale_locks(cluster: Cluster) -> None:
    """Removes lock files whose process id belongs to some other program, or to a dead child nobody has reaped.

    PostgreSQL overlooks an id that is free, but takes any living one for a server: common in containers, where the
    ids are few. Memory that orphans still hold is found by the folder's inode, not by these files.
    """
    for lock in (cluster.folder / "postmaster.pid", socket_folder(cluster) / f"{_SOCKET}.lock"):
        pid = _pid_in(lock)
        if pid is not None and not _is_server(pid, cluster):
            lock.unlink(missing_ok=True)


def _run_initdb(
    cluster: Cluster,
    binaries: Binaries,
    draft: Path,
    *,
    password_file: Path,
    settings: Mapping[str, str],
) -> None:
    name, owner = cluster.as_owner(draft)
    command = [binaries.initdb, "-D", name, "--username=recado", f"--pwfile={password_file}"]
    command += [
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--data-checksums",
        *_locale(binaries.major),
    ]
    command += [f"--set={key}={value}" for key, value in {**_SETTINGS, **settings}.items()]
    if settings.get("fsync") == "off":
        command.append("--no-sync")
    run = subprocess.run(
        command, capture_output=True, text=True, env=plain_environment(), check=False, **owner
    )  # type: ignore[call-overload]
    if run.returncode != 0:
        lines = run.stderr.strip().splitlines() or ["no message"]
        raise EmbeddedError(f"PostgreSQL's initdb failed: {' '.join(lines)}")


def plain_environment() -> dict[str, str]:
    """Gives PostgreSQL's programs an environment without our settings, so that no secret of ours is in it."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}


def _locale(major: int) -> list[str]:
    if major >= 17:  # the builtin provider: Unicode letters the same on every machine
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return ["--locale=C.UTF-8"]


def _pid_in(lock: Path) -> int | None:
    try:
        return int(lock.read_text().splitlines()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None


def _is_server(pid: int, cluster: Cluster) -> bool:
    process = Path(f"/proc/{pid}")
    if Path("/proc/self").exists():
        try:
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
            return state != "Z" and (process / "cwd").samefile(cluster.folder)
        except OSError:
            return False
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def _owner(folder: Path) -> pwd.struct_passwd | None:
    """Finds who owns a cluster that exists, unless it is root; a user without a name keeps its number."""
    if not folder.exists() or folder.stat().st_uid == 0:
        return None
    about = folder.stat()
    return pwd.struct_passwd(("", "", about.st_uid, about.st_gid, "", "", ""))


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
