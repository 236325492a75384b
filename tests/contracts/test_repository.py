"""What is in the repository: no trace of the machine it was written on, one version, a changelog for users."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from recto.app import UNKNOWN_VERSION

ROOT = Path(__file__).parents[2]
# Written in pieces, so that this file does not contain what it looks for.
MACHINE_PATHS = ("/work" + "/", "/root" + "/", "/home" + "/", "/Users" + "/", "C:" + "\\Users")
REGISTRIES = (
    "pypi" + ".org",
    "python" + "hosted",
    "npm" + "js.",
    "conda" + "-forge",
    "ghcr" + ".io",
    "docker" + ".io",
    "quay" + ".io",
    "hugging" + "face",
    "artifact" + "ory",
    "index" + "-url =",
    "--index" + "-url",
    "--extra" + "-index",
    "--find" + "-links",
)
TEXT_LIMIT_BYTES = 5_000_000


def tracked():
    """Files that are, or are about to be, in the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode != 0:  # a copy without the repository: an archive of a release
        return [path for path in ROOT.rglob("*") if path.is_file() and ".venv" not in path.parts]
    names = [name for name in listed.stdout.decode().split("\0") if name]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def texts():
    for path in tracked():
        data = path.read_bytes()
        if b"\0" not in data and len(data) < TEXT_LIMIT_BYTES:
            yield path.relative_to(ROOT), data.decode(errors="replace")


def lines_with(words):
    return [
        f"{path}:{number}: {line.strip()[:120]}"
        for path, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if any(word in line for word in words)
    ]


def test_there_are_files():
    assert len(tracked()) > 100


def test_no_path_of_a_machine():
    assert lines_with(MACHINE_PATHS) == []


def test_no_registry_and_no_mirror():
    assert lines_with(REGISTRIES) == []


def test_a_trace_would_be_found(tmp_path, monkeypatch):
    leak = tmp_path / "notes.md"
    leak.write_text("See " + MACHINE_PATHS[0] + "somewhere.")
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    monkeypatch.setitem(globals(), "tracked", lambda: [leak])
    assert len(lines_with(MACHINE_PATHS)) == 1


def test_requirements_are_pinned_with_hashes_and_without_addresses():
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        text = path.read_text()
        assert "://" not in text
        pinned = re.findall(r"^([A-Za-z0-9._-]+)(\[[^\]]*\])?==\S+", text, re.MULTILINE)
        packages = re.findall(r"^[A-Za-z0-9]", text, re.MULTILINE)
        assert len(pinned) == len(packages) > 20
        for entry in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]:
            assert "--hash=sha256:" in entry, entry.splitlines()[0]


def test_the_fallback_version_is_the_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == UNKNOWN_VERSION


def test_the_changelog_is_for_users_and_open():
    text = (ROOT / "CHANGELOG.md").read_text()
    assert "## [Unreleased]" in text
    kinds = set(re.findall(r"^### (.+)$", text, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_licence_is_there():
    assert "Apache License" in (ROOT / "LICENSE").read_text()
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["license"] == "Apache-2.0"


@pytest.mark.parametrize("name", ["server", "test", "setup", "requirements"])
def test_scripts_can_be_run(name):
    path = ROOT / "script" / name
    assert path.stat().st_mode & 0o111
    assert path.read_text().startswith("#!")
