"""Fixtures of the webhook tests: the world outside, and webhooks on empty tables."""

import os
import subprocess
from collections.abc import Iterator

import pytest

from conftest import COMMAND
from documents.serving import World, world
from hooks_yard import Hooks
from job_yard import job_database, yard

__all__ = ["job_database", "yard"]


@pytest.fixture(scope="module")
def outside() -> Iterator[World]:
    with world() as made:
        yield made


@pytest.fixture
def hooks(yard) -> Hooks:
    return Hooks(yard)


@pytest.fixture(scope="session")
def other_key(server) -> str:
    """A key of another organisation of the running server."""
    command = [*COMMAND, "keys", "create", "theirs", "--organisation", "Webhooks Ltd"]
    bare = {name: value for name, value in os.environ.items() if not name.startswith("RECTO_")}
    env = bare | {"RECTO_DATA_DIR": str(server.data_dir), "RECTO_PORT": str(server.port)}
    return subprocess.run(command, check=True, env=env, capture_output=True, text=True).stdout.strip()
