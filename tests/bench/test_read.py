"""The reading benchmark: which files are measured, what a child reports, and how tools that are missing are told."""

import argparse
import sys

import numpy as np
import pytest

import read
import read_peers
from documents.pdfs import empty_pdf, locked_pdf, pages_pdf, scanned_pdf
from documents.showcase import harbour_pdf


@pytest.fixture
def files(tmp_path):
    """Two sets of born-digital files, one with a scan, a locked and an empty file beside them."""
    for name, content in (
        ("letters/dev/two.pdf", pages_pdf(2)),
        ("letters/dev/three.pdf", pages_pdf(3)),
        ("reports/harbour.pdf", harbour_pdf()),
        ("reports/scan.pdf", scanned_pdf()),
        ("reports/locked.pdf", locked_pdf()),
        ("reports/empty.pdf", empty_pdf()),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path


def asking(*given, **how):
    chosen = {
        "files": list(given),
        "split": "dev",
        "pages": 60,
        "limit": 30.0,
        "core": 0,
        "peers": sys.executable,
    }
    return argparse.Namespace(**chosen | how)


def test_sets_are_folders_and_the_split_is_none(files):
    found = read.sets_of([files], "dev")
    assert {name: len(paths) for name, paths in found.items()} == {"letters": 2, "reports": 4}
    assert list(read.sets_of([files / "letters" / "dev" / "two.pdf"], "dev")) == ["letters"]


def test_a_sample_is_whole_files_within_the_pages_and_always_the_same(files):
    paths = read.sets_of([files], "dev")["letters"]
    assert sum(read.sample(paths, 60).values()) == 5
    few = read.sample(paths, 4)
    assert sum(few.values()) in {2, 3}
    assert few == read.sample(paths, 4)


def test_files_that_do_not_open_are_not_drawn(files):
    drawn = read.sample(read.sets_of([files], "dev")["reports"], 60)
    assert {path.rpartition("/")[2] for path in drawn} == {"harbour.pdf", "scan.pdf"}


def test_digital_pages_are_measured_in_a_child_and_scans_left_out(files):
    lines = list(read.report_digital(asking(files / "reports", files / "letters")))
    assert "letters: 2 files of 5 pages; left out: 0 with scanned pages, 0 failed" in lines
    assert "reports: 1 files of 1 pages; left out: 1 with scanned pages, 0 failed" in lines
    heading, *tools = [line for line in lines if line.startswith((" ", "recto", "pdfium"))]
    assert heading.split()[:3] == ["reports", "letters", "all"]
    assert [line[:24].strip().partition(" 5")[0] for line in tools] == [
        "recto: reading",
        "recto: whole parse",
        "pdfium text",
    ]
    for line in tools:
        assert all(float(figure) > 0 for figure in line[24:].split()[:4])
    assert any("not installed" in line and "package markitdown[pdf]" in line for line in lines)


def test_no_files_is_told(tmp_path):
    assert list(read.report_digital(asking(tmp_path))) == ["digital: no PDF file was given"]


def test_a_tool_of_another_interpreter_is_measured(tmp_path, files):
    """A stand-in package named as a real tool: what is tested is the way to it and back."""
    package = tmp_path / "site" / "markitdown"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(
        "class MarkItDown:\n"
        "    def convert(self, path):\n"
        "        if 'three' in path: raise ValueError(path)\n"
        "        return type('Told', (), {'text_content': 'x' * 70})\n"
    )
    about = tmp_path / "site" / "markitdown-9.9.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: markitdown\nVersion: 9.9\n")
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{tmp_path}/site" exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    counts = {str(path): 5 for path in read.sets_of([files / "letters"], "dev")["letters"]}
    asked = {"warm_up": next(iter(counts)), "sets": {"letters": list(counts)}, "limit_s": 30.0}
    line = read.report_peer("markitdown", asking(files, peers=str(python)), asked, counts)
    assert line.startswith("markitdown 9.9 ")
    one, every, letters = line[24:].split()[:3]
    assert one == every
    assert float(every) > 0
    assert letters == "14"
    assert line.endswith("1 files failed or out of time")


def test_reading_stops_when_the_time_is_up(monkeypatch):
    monkeypatch.setattr(read_peers, "deadline", 0.0)
    assert read_peers.each(["a", "b"], lambda path: path) == {}


def test_first_blocks_are_timed():
    (line,) = read.report_first(asking())
    assert line.startswith("first blocks of a one-page PDF, warm: median ")
    assert 0 < float(line.split()[8]) < 5000


def test_scans_differ_by_noise_only():
    clean, noisy = (np.asarray(read.SCANS[name](1), dtype=float) for name in ("clean", "noisy"))
    assert clean.shape == noisy.shape
    assert noisy[:60].std() > clean[:60].std() + 10
    assert (clean < 128).mean() > 0.01


def test_verdicts_go_both_ways():
    assert read.verdict(61, 60, larger=True).endswith("yes")
    assert read.verdict(59, 60, larger=True).endswith("NO")
    assert read.verdict(29, 30, larger=False).endswith("yes")
    assert read.verdict(31, 30, larger=False).endswith("NO")
