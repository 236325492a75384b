"""The `recto` command as tests call it: in this process for speed, or as a process of its own."""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from recto.cli.main import app

COMMAND = (sys.executable, "-c", "from recto.cli.main import app; app()")


@dataclass(frozen=True)
class Ended:
    """A command that has ended: its exit code, and what it wrote to the two streams."""

    code: int
    out: str
    err: str


@pytest.fixture
def recto(monkeypatch):
    """Run a command with no RECTO_* settings but those given: recto("keys", "list", env={...})."""
    for name in [name for name in os.environ if name.startswith("RECTO_")]:
        monkeypatch.delenv(name)

    def run(*words, env=None):
        ended = CliRunner().invoke(app, [str(word) for word in words], env=dict(env or {}))
        if ended.exception is not None and not isinstance(ended.exception, SystemExit):
            raise ended.exception
        return Ended(ended.exit_code, ended.stdout, ended.stderr)

    return run


@pytest.fixture
def recto_process():
    """The same as a process of its own."""

    def run(*words, env=None):
        bare = {name: value for name, value in os.environ.items() if not name.startswith("RECTO_")}
        ended = subprocess.run(
            [*COMMAND, *map(str, words)],
            check=False,
            env=bare | (env or {}),
            capture_output=True,
            text=True,
            timeout=60,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    return run


@pytest.fixture
def of_server(server):
    """Settings with which a command meets the running server's data folder."""
    return {"RECTO_DATA_DIR": str(server.data_dir), "RECTO_PORT": str(server.port)}


@pytest.fixture
def open_folder():
    """A folder that every user may pass through: root's database keeps its files in it then."""
    folder = Path(tempfile.mkdtemp(prefix="recto-test-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
