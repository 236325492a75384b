"""`recto parse --server`: a running server reads, this process shows how it gets on and prints the result."""

import io
import json

import pytest
from rich.console import Console

from documents.pdfs import REPORT_TITLE, locked_pdf, report_pdf
from recto.cli.progress import display


@pytest.fixture
def report(tmp_path):
    path = tmp_path / "report.pdf"
    path.write_bytes(report_pdf())
    return path


def test_markdown_comes_out_and_progress_beside_it(recto, server, report):
    ended = recto("parse", report, "--server", server.url, "--key", server.key)
    assert ended.code == 0, ended.err
    assert REPORT_TITLE in ended.out
    assert ended.err.splitlines()[-1] == "Completed  2/2 pages"


def test_json_pages_and_a_password(recto, server, tmp_path):
    path = tmp_path / "locked.pdf"
    path.write_bytes(locked_pdf("opensesame", pages=3))
    words = ("--server", server.url, "--json", "--pages", "2-3", "--password", "opensesame")
    ended = recto("parse", path, *words, env={"REDUCTO_API_KEY": server.key})
    assert ended.code == 0, ended.err
    assert [page["original_page"] for page in json.loads(ended.out)["pages"]] == [2, 3]


@pytest.mark.parametrize(
    ("key", "where", "told"),
    [("wrong-key-of-nobody-at-all", None, "401"), (None, "http://127.0.0.1:9", "cannot be reached")],
)
def test_what_goes_wrong_is_told_in_one_line(recto, server, report, key, where, told):
    words = ("--server", where or server.url, "--key", key or server.key)
    ended = recto("parse", report, *words)
    assert (ended.code, ended.out) == (1, "")
    assert len(ended.err.splitlines()) == 1
    assert told in ended.err


def test_a_job_that_fails_fails_here_too(recto, server, tmp_path):
    path = tmp_path / "locked.pdf"
    path.write_bytes(locked_pdf())
    ended = recto("parse", path, "--server", server.url, "--key", server.key)
    assert ended.code == 1
    assert "password" in ended.err.splitlines()[-1]


def test_pictures_need_the_document_here(recto, server, report, tmp_path):
    words = ("--server", server.url, "--draw", tmp_path / "pictures")
    assert recto("parse", report, *words).code == 2


def test_a_terminal_gets_a_bar():
    screen = io.StringIO()
    now = {"status": "InProgress", "stage": "reading", "progress": 0.5, "pages_done": 3}
    now |= {"pages_total": 6, "failed_pages": [2], "seconds_left": 200.0}
    with display(Console(file=screen, force_terminal=True, width=100)) as shown:
        shown.show(now)
    shown_text = screen.getvalue()
    for part in ("reading", "3/6 pages, failed: 2", "about 3 min left"):
        assert part in shown_text
