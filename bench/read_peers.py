"""Reads PDF files with one other tool and says what that cost: run by read.py, never by the product.

    PYTHON bench/read_peers.py TOOL < files.json

PYTHON is any interpreter in which the tool is installed; this file needs nothing else and nothing of Recto. Standard
input is {"warm_up": path, "sets": {name: [path, ...]}, "limit_s": seconds}; a JSON line goes out per set: files
read and failed, processor seconds of this process and its children, characters of text, version. The warm-up file
is read first and not counted, so that imports and models are not. A tool that does not import prints nothing.
"""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

Reader = Callable[[list[str]], "dict[str, int]"]
"""Takes paths; gives the characters of each that was read."""


def liteparse(paths: list[str]) -> dict[str, int]:
    from liteparse import LiteParse  # noqa: PLC0415  (only the tool that is asked for is loaded)

    tool = LiteParse(ocr_enabled=False, output_format="markdown", quiet=True, num_workers=1)
    return each(paths, lambda path: tool.parse(path).text)


def kreuzberg(paths: list[str]) -> dict[str, int]:
    from kreuzberg import ExtractionConfig, extract_file_sync  # noqa: PLC0415

    config = ExtractionConfig(use_cache=False, disable_ocr=True, output_format="markdown")
    return each(paths, lambda path: extract_file_sync(path, config=config).content)


def markitdown(paths: list[str]) -> dict[str, int]:
    from markitdown import MarkItDown  # noqa: PLC0415

    tool = MarkItDown()
    return each(paths, lambda path: tool.convert(path).text_content)


def opendataloader(paths: list[str]) -> dict[str, int]:
    """All files in one call, because each call starts a Java machine."""
    import opendataloader_pdf  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        links = {path: Path(folder) / f"{place}.pdf" for place, path in enumerate(paths)}
        for path, link in links.items():
            link.symlink_to(path)
        out = Path(folder) / "out"
        names = [str(link) for link in links.values()]
        opendataloader_pdf.convert(names, output_dir=str(out), format="markdown", quiet=True, threads="1")
        made = {path: out / f"{link.stem}.md" for path, link in links.items()}
        return {path: len(file.read_text(errors="replace")) for path, file in made.items() if file.exists()}


def pdfium(paths: list[str]) -> dict[str, int]:
    """The page's characters in the order of the file and nothing else: a yardstick for the machine."""
    import pypdfium2  # noqa: PLC0415

    def text(path: str) -> str:
        with pypdfium2.PdfDocument(path) as document:
            return "".join(page.get_textpage().get_text_range() for page in document)

    return each(paths, text)


READERS: dict[str, tuple[str, Reader]] = {
    "pdfium text": ("pypdfium2", pdfium),
    "liteparse": ("liteparse", liteparse),
    "kreuzberg": ("kreuzberg", kreuzberg),
    "opendataloader": ("opendataloader-pdf", opendataloader),
    "markitdown": ("markitdown[pdf]", markitdown),
}
"""The tools: how their package is named when it is installed, and how they read."""

deadline = float("inf")


def each(paths: list[str], read: Callable[[str], Any]) -> dict[str, int]:
    """Read files one by one until the time is up; those that fail or are not reached are missing."""
    found: dict[str, int] = {}
    for path in paths:
        if time.monotonic() > deadline:
            break
        try:
            found[path] = len(read(path) or "")
        except Exception as error:
            print(f"{Path(path).name}: {error!r:.200}", file=sys.stderr)
    return found


def processor_s() -> float:
    """User and system seconds of this process and its ended children."""
    used = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def main() -> None:
    global deadline  # noqa: PLW0603  (one run, one deadline)
    asked = json.load(sys.stdin)
    package, read = READERS[sys.argv[1]]
    try:
        installed = version(package.partition("[")[0])
    except Exception:
        return
    read([asked["warm_up"]])
    deadline = time.monotonic() + asked["limit_s"]
    for name, paths in asked["sets"].items():
        before = processor_s()
        found = read(paths)
        spent = processor_s() - before
        told = {"set": name, "read": list(found), "cpu_s": spent, "letters": sum(found.values())}
        print(json.dumps(told | {"version": installed}), flush=True)


if __name__ == "__main__":
    main()
