"""The documentation holds: its Python runs, its definitions deploy, its tables, links and commands are true."""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from typer.main import get_command

from documents.pdfs import report_pdf
from documents.showcase import harbour_pdf
from recto.cli.main import app
from recto.settings import Settings
from recto.wire.definition import check_deployable, load_definition

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
MAX_PICTURE_BYTES = 300_000
ADR_PARTS = ("**Context.**", "**Choice.**", "**Refused.**", "**How we would notice it was wrong.**")
ONE_PAGE_WORDS = 450


def fenced(language):
    """Every block of code in that language, with its page and place."""
    block = re.compile(rf"^```{language}\n(.*?)^```", re.MULTILINE | re.DOTALL)
    return [
        pytest.param(text, id=f"{name}-{place}")
        for page, name in zip(PAGES, NAMES, strict=True)
        for place, text in enumerate(block.findall(page.read_text()), 1)
    ]


def load_tables():
    spec = importlib.util.spec_from_file_location("documentation_tables", ROOT / "docs" / "tables.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_there_is_something_to_test():
    assert {"README.md", "CHANGELOG.md", "SECURITY.md", "CONTRIBUTING.md", "docs/jobs.md"} <= set(NAMES)
    assert len(fenced("python")) >= 2
    assert len(fenced("yaml")) >= 1


def run(code, server, folder):
    """What a block of Python prints against the test server: port and key are all that is changed."""
    (folder / "report.pdf").write_bytes(report_pdf())
    ours = code.replace("http://localhost:8000", server.url).replace("YOUR_KEY", server.key)
    ended = subprocess.run(
        [sys.executable, "-c", ours], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


@pytest.mark.parametrize("code", fenced("python"))
def test_python_runs_as_written(code, server, tmp_path):
    assert "http://localhost:8000" in code
    assert "YOUR_KEY" in code
    assert run(code, server, tmp_path).strip()


def test_the_first_example_is_short_and_shows_blocks(server, tmp_path):
    (first,) = [one.values[0] for one in fenced("python") if one.id == "README.md-1"]
    assert len([line for line in first.splitlines() if line.strip()]) <= 10
    printed = run(first, server, tmp_path)
    assert re.search(r"^1 Title ", printed, re.MULTILINE)
    assert re.search(r"^2 Table ", printed, re.MULTILINE)


@pytest.mark.parametrize("text", fenced("yaml"))
def test_definitions_can_be_deployed(text):
    check_deployable(load_definition(text))


@pytest.mark.parametrize("text", fenced("json"))
def test_json_is_json(text):
    assert isinstance(json.loads(text), dict)


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_lead_somewhere(page):
    text = page.read_text()
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if not target.startswith(("http:", "https:", "#")):
            assert (page.parent / target.partition("#")[0]).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_settings_that_are_named_exist(page):
    known = {f"RECTO_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"RECTO_[A-Z_]+[A-Z]", page.read_text())) <= known


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_commands_that_are_named_exist(page):
    top = get_command(app)
    for words in re.findall(r"(?:^|`|bin/)recto ([a-z]+(?: [a-z]+)?)", page.read_text(), re.MULTILINE):
        first, _, second = words.partition(" ")
        assert first in top.commands, words
        inner = getattr(top.commands[first], "commands", None)
        assert inner is None or not second or second in inner, words


@pytest.mark.parametrize("name", ["settings", "errors", "fields", "extract fields"])
def test_tables_are_up_to_date(name):
    tables = load_tables()
    page, make = tables.TABLES[name]
    text = (ROOT / "docs" / page).read_text()
    assert tables.renewed(text, name, make()) == text, "run: python docs/tables.py"


def test_a_stale_table_is_noticed():
    tables = load_tables()
    text = (ROOT / "docs" / "settings.md").read_text()
    assert tables.renewed(text, "settings", ["| other |"]) != text
    with pytest.raises(ValueError, match="no marks for the table 'nothing'"):
        tables.renewed(text, "nothing", [])


def test_every_setting_and_no_other_is_listed():
    listed = re.findall(r"^\| `RECTO_(\w+)`", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE)
    assert [name.lower() for name in listed] == list(Settings.model_fields)


def test_the_picture_is_small_and_of_the_page_it_claims_to_be():
    path = ROOT / "docs" / "images" / "blocks.png"
    assert path.stat().st_size < MAX_PICTURE_BYTES
    with Image.open(path) as image:
        assert image.width / image.height == pytest.approx(612 / 792, abs=0.01)
        colours = {colour for _, colour in image.convert("RGB").getcolors(1 << 20)}
    assert any(max(colour) - min(colour) > 100 for colour in colours)
    assert harbour_pdf() == harbour_pdf()


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "adr").glob("*.md")), ids=lambda page: page.name)
def test_a_decision_has_its_parts_on_one_page(page):
    text = page.read_text()
    places = [text.find(part) for part in ADR_PARTS]
    assert -1 not in places
    assert places == sorted(places)
    assert text.startswith(f"# {int(page.name[:4])}. ")
    assert len(text.split()) < ONE_PAGE_WORDS


def test_decisions_are_numbered_without_gaps():
    numbers = [int(page.name[:4]) for page in sorted((ROOT / "docs" / "adr").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_readme_says_whose_project_it_is():
    text = (ROOT / "README.md").read_text()
    assert "independent project" in text
    assert "affiliated" in text
    assert "script/server" in text.partition("## ")[0]
    assert "script/test" in text.partition("## ")[0]
