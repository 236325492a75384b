"""What reading costs: pages per processor second on one core, beside other tools on the same files.

    .venv/bin/python bench/read.py FILES... [--pages 60] [--peers PYTHON] [--only digital first scans memory]

FILES are PDF files or folders of them; every folder with files is a set. Measured are
  digital  born-digital files: `read_range` (words, blocks, tables) and the whole parse, by set; then each peer
           that PYTHON (an interpreter of your own, default: this one) has installed, on the same files;
  first    milliseconds from a one-page PDF to its blocks in a warm process;
  scans    processor seconds for a clean and a noisy scanned page, made by code;
  memory   resident size of a process that reads 1,000 pages in ranges of ten.
Each runs in a process of its own on one core. Files with a page that Recto would have to recognise are left out,
for everybody. Run it on a quiet machine; the load is printed.
"""

import argparse
import json
import os
import platform
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pypdfium2
from PIL import Image, ImageFilter

from recto.document.options import ParseOptions
from recto.errors import RectoError
from recto.intake.filetype import detect
from recto.results.parse import Document, assemble, look_at, read_range, recognise_range

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))
from documents.images import image_bytes, text_image  # noqa: E402
from documents.pdfs import pages_pdf  # noqa: E402
from documents.showcase import harbour_pdf  # noqa: E402
from read_peers import READERS, processor_s  # noqa: E402

PACKAGES = ("pypdfium2", "numpy", "tesserocr", "rapidocr", "onnxruntime")
MEASURES = ("digital", "first", "scans", "memory")
MEASURE_LIMIT_S = 300
LONGEST_FILE = 40  # pages: one long file must not stand for its whole set
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_THREAD_LIMIT": "1"}
FIRST_ROUNDS, FIRST_WARM_UP = 40, 5
SCAN_ROUNDS = 3
LONG_PAGES, RANGE_PAGES, WORDS_A_PAGE = 1000, 10, 300
TOLD_AT = (100, 500, 1000)
YARDSTICK = "pdfium text"
"""What this machine reaches with no work but pdfium's own: 406 pages a second when it is quiet and not shared."""
REACH = {"digital": 60.0, "first": 30.0, "clean": 2.0, "noisy": 12.0}


def machine() -> Iterator[str]:
    model = next(
        (line.partition(":")[2].strip() for line in cpu_lines() if line.startswith("model name")),
        platform.machine(),
    )
    yield f"{model}, {os.cpu_count()} cores (one used), load {os.getloadavg()[0]:.1f}, {platform.platform()}"
    yield f"Python {platform.python_version()}, " + ", ".join(map(installed, PACKAGES))


def first_core() -> int:
    return min(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0


def installed(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"no {package}"


def cpu_lines() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


def sets_of(given: Iterable[Path], split: str) -> dict[str, list[Path]]:
    """PDF files by set, which is the folder they lie in; above that of the split, where there is one."""
    found: dict[str, list[Path]] = {}
    for one in given:
        for path in sorted(one.resolve().rglob("*.pdf")) if one.is_dir() else [one.resolve()]:
            folder = path.parent.parent if path.parent.name == split else path.parent
            found.setdefault(folder.name, []).append(path)
    return found


def sample(paths: list[Path], pages: int) -> dict[str, int]:
    """Whole files and their page counts, drawn blindly but always the same, of so many pages in all."""
    chosen: dict[str, int] = {}
    for path in random.Random(15).sample(paths, len(paths)):
        count = page_count(path)
        if 0 < count <= min(LONGEST_FILE, pages - sum(chosen.values())):
            chosen[str(path)] = count
    return chosen


def page_count(path: Path) -> int:
    """0 for files that do not open without more ado: damaged and protected ones are not measured."""
    try:
        with pypdfium2.PdfDocument(path) as document:
            return len(document)
    except pypdfium2.PdfiumError:
        return 0


def in_child(command: list[str], asked: dict[str, Any], core: int) -> list[dict[str, Any]]:
    """The JSON lines of a command that runs on one core; what it had printed when its time was up."""

    def settle() -> None:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {core})

    try:
        ended = subprocess.run(
            command,
            input=json.dumps(asked),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if "read_peers.py" in command[1] else None,
            text=True,
            check=False,
            env=os.environ | ONE_THREAD,
            timeout=MEASURE_LIMIT_S,
            preexec_fn=settle,
        )
        lines = ended.stdout
    except subprocess.TimeoutExpired as error:
        lines = (error.stdout or b"").decode() if isinstance(error.stdout, bytes) else error.stdout or ""
    return [json.loads(line) for line in lines.splitlines() if line.startswith("{") and line.endswith("}")]


def opened(path: Path, scratch: Path) -> tuple[Document, int]:
    document = Document(path, detect(path, path.name))
    inspection = look_at(document, scratch)
    if inspection.readable is not None:
        document = Document(inspection.readable, document.type)
    return document, inspection.pages


def measure_digital(asked: dict[str, Any], scratch: Path) -> Iterator[dict[str, Any]]:
    """For each set: its files without scanned pages, and processor seconds for reading and for everything."""
    parse_once(Path(asked["warm_up"]), scratch)
    for name, paths in asked["sets"].items():
        told: dict[str, Any] = {"set": name, "read": [], "scanned": [], "failed": []}
        reading = whole = letters = 0.0
        until = time.monotonic() + asked["limit_s"]
        for path in paths:
            if time.monotonic() > until:
                break
            try:
                spent = parse_once(Path(path), scratch)
            except RectoError:
                told["failed"].append(path)
                continue
            if spent is None:
                told["scanned"].append(path)
                continue
            told["read"].append(path)
            reading, whole, letters = reading + spent[0], whole + spent[1], letters + spent[2]
        yield told | {"cpu_s": reading, "whole_cpu_s": whole, "letters": letters}


def parse_once(path: Path, scratch: Path) -> tuple[float, float, int] | None:
    """Processor seconds of reading and of the whole parse, and letters; None when a page needs recognition."""
    kind = detect(path, path.name)  # done at the upload, before any job
    begun = processor_s()
    document = Document(path, kind)
    inspection = look_at(document, scratch)
    document = Document(inspection.readable or path, kind)
    numbers = range(1, inspection.pages + 1)
    looked = processor_s()
    outcome = read_range(document, numbers, ParseOptions(), scratch / "read")
    read = processor_s()
    if outcome.needs_ocr:
        return None
    result = assemble([scratch / "read"], ParseOptions(), list(numbers), ())
    ended = processor_s()
    return read - looked, ended - begun, sum(len(chunk.content) for chunk in result.chunks)


def measure_first(_: dict[str, Any], scratch: Path) -> Iterator[dict[str, Any]]:
    """Milliseconds from an uploaded page to its blocks, by the clock and of the processor, over several rounds."""
    path = scratch / "page.pdf"
    path.write_bytes(harbour_pdf())
    kind = detect(path, path.name)
    times: list[float] = []
    used: list[float] = []
    for _ in range(FIRST_ROUNDS + FIRST_WARM_UP):
        begun, before = time.perf_counter(), processor_s()
        document = Document(path, kind)
        look_at(document, scratch)
        read_range(document, (1,), ParseOptions(), scratch / "read")
        times.append((time.perf_counter() - begun) * 1000)
        used.append((processor_s() - before) * 1000)
    yield {"ms": times[FIRST_WARM_UP:], "cpu_ms": used[FIRST_WARM_UP:]}


def measure_scans(_: dict[str, Any], scratch: Path) -> Iterator[dict[str, Any]]:
    """Processor seconds to recognise and lay out one page, for each kind of scan."""
    for name, make in SCANS.items():
        path = scratch / f"{name}.png"
        spent: list[float] = []
        route = ""
        for number in range(SCAN_ROUNDS + 1):
            path.write_bytes(image_bytes(make(number)))
            document, _ = opened(path, scratch)
            before = processor_s()
            recognise_range(document, (1,), ParseOptions(), scratch / "read")
            spent.append(processor_s() - before)
            result = assemble([scratch / "read"], ParseOptions(), [1], ())
            route = result.pages[0].reason
        yield {"scan": name, "cpu_s": spent[1:], "reason": route, "mib": most_mib()}


def clean_scan(number: int) -> Image.Image:
    """A page full of text at 200 dpi, as a good scanner sees it."""
    sentence = "grain, timber and machine parts went inland by rail from berth"
    return text_image(
        [f"{number}.{line} On that day {sentence} {line * 7}." for line in range(1, 33)], 200, 10
    )


def noisy_scan(number: int) -> Image.Image:
    """The same page askew, blurred, with grain and specks, as a fax of a copy."""
    turned = clean_scan(number).rotate(1.3, resample=Image.Resampling.BICUBIC, fillcolor=255)
    rng = np.random.default_rng(number)
    grey = np.asarray(turned.filter(ImageFilter.GaussianBlur(1.2)), dtype=np.float64)
    grey = 40 + grey * 0.75 + rng.normal(0, 28, grey.shape)
    specks = rng.random(grey.shape)
    grey[specks < 0.004], grey[specks > 0.996] = 0, 255
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))


SCANS: dict[str, Callable[[int], Image.Image]] = {"clean": clean_scan, "noisy": noisy_scan}


def measure_memory(_: dict[str, Any], scratch: Path) -> Iterator[dict[str, Any]]:
    """Resident size in MiB while a long document is read range by range, as a child does."""
    path = scratch / "long.pdf"
    path.write_bytes(pages_pdf(LONG_PAGES, WORDS_A_PAGE))
    yield {"page": 0, "mib": resident_mib()}
    document, _ = opened(path, scratch)
    for first in range(1, LONG_PAGES + 1, RANGE_PAGES):
        read_range(document, range(first, first + RANGE_PAGES), ParseOptions(), scratch / "read")
        if first + RANGE_PAGES - 1 in TOLD_AT:
            yield {"page": first + RANGE_PAGES - 1, "mib": resident_mib()}
    yield {"page": "most", "mib": most_mib()}


def most_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def resident_mib() -> float:
    return psutil.Process().memory_info().rss / 2**20


Measure = Callable[[dict[str, Any], Path], Iterator[dict[str, Any]]]
IN_CHILD: dict[str, Measure] = {
    "digital": measure_digital,
    "first": measure_first,
    "scans": measure_scans,
    "memory": measure_memory,
}


def measure(name: str) -> None:
    """What a child of this command does: one measure, JSON lines to standard output."""
    asked = json.load(sys.stdin)
    with tempfile.TemporaryDirectory(prefix="recto-bench-") as folder:
        for line in IN_CHILD[name](asked, Path(folder)):
            print(json.dumps(line), flush=True)


def own_child(name: str, asked: dict[str, Any], core: int) -> list[dict[str, Any]]:
    return in_child([sys.executable, str(HERE / "read.py"), "--measure", name], asked, core)


def verdict(value: float, reach: float, *, larger: bool) -> str:
    good = value >= reach if larger else value <= reach
    return f"   reach {reach:.0f}: {'yes' if good else 'NO'}"


def report_digital(arguments: argparse.Namespace) -> Iterator[str]:
    chosen = {
        name: sample(paths, arguments.pages)
        for name, paths in sets_of(arguments.files, arguments.split).items()
    }
    chosen = {name: counts for name, counts in chosen.items() if counts}
    if not chosen:
        yield "digital: no PDF file was given"
        return
    counts = {path: count for files in chosen.values() for path, count in files.items()}
    with tempfile.TemporaryDirectory(prefix="recto-bench-") as folder:
        warm_up = Path(folder) / "warm.pdf"
        warm_up.write_bytes(harbour_pdf())
        sets = {name: list(files) for name, files in chosen.items()}
        asked = {"warm_up": str(warm_up), "sets": sets, "limit_s": arguments.limit}
        own = own_child("digital", asked, arguments.core)
        asked["sets"] = {told["set"]: told["read"] for told in own if told["read"]}
        yield from report_files(own, counts)
        for name in sets.keys() - {told["set"] for told in own}:
            yield f"{name}: not reached within {MEASURE_LIMIT_S} seconds"
        names = list(asked["sets"])
        yield "\npages per processor second"
        yield f"{'':<24}" + "".join(f"{heading:>18.17}" for heading in [*names, "all", "letters a page"])
        yield row("recto: reading", names, own, counts, "cpu_s") + verdict(
            rate(own, counts, "cpu_s"), REACH["digital"], larger=True
        )
        yield row("recto: whole parse", names, own, counts, "whole_cpu_s")
        for tool in READERS:
            yield report_peer(tool, arguments, asked, counts)


def report_files(own: list[dict[str, Any]], counts: dict[str, int]) -> Iterator[str]:
    """What is measured, and what is not."""
    for told in own:
        yield (
            f"{told['set']}: {len(told['read'])} files of {pages_in([told], counts)} pages;"
            f" left out: {len(told['scanned'])} with scanned pages, {len(told['failed'])} failed"
        )


def report_peer(
    tool: str, arguments: argparse.Namespace, asked: dict[str, Any], counts: dict[str, int]
) -> str:
    """A tool's row, or how to install it."""
    python = sys.executable if tool == YARDSTICK else arguments.peers
    found = in_child([python, str(HERE / "read_peers.py"), tool], asked, arguments.core)
    if not found:
        return f"{tool}: not installed in {python} (package {READERS[tool][0]})"
    missed = sum(len(paths) for paths in asked["sets"].values()) - sum(len(told["read"]) for told in found)
    note = f"   {missed} files failed or out of time" if missed else ""
    return row(f"{tool} {found[0]['version']}", list(asked["sets"]), found, counts, "cpu_s") + note


def pages_in(found: list[dict[str, Any]], counts: dict[str, int]) -> int:
    return sum(counts[path] for told in found for path in told["read"])


def rate(found: list[dict[str, Any]], counts: dict[str, int], key: str) -> float:
    """Pages per processor second; 0 when nothing was read."""
    spent = sum(told[key] for told in found)
    return pages_in(found, counts) / spent if spent else 0.0


def row(title: str, names: list[str], found: list[dict[str, Any]], counts: dict[str, int], key: str) -> str:
    parts = [[told for told in found if told["set"] == name] for name in names]
    rates = "".join(f"{rate(part, counts, key):>18.1f}" for part in [*parts, found])
    letters = sum(told["letters"] for told in found) / max(1, pages_in(found, counts))
    return f"{title:<24}{rates}{letters:>18.0f}"


def report_first(arguments: argparse.Namespace) -> Iterator[str]:
    for told in own_child("first", {}, arguments.core):
        middle, slow = statistics.median(told["ms"]), sorted(told["ms"])[int(len(told["ms"]) * 0.95)]
        yield (
            f"first blocks of a one-page PDF, warm: median {middle:.1f} ms, 95th percentile {slow:.1f} ms,"
            f" of the processor {statistics.median(told['cpu_ms']):.1f} ms"
            + verdict(middle, REACH["first"], larger=False)
        )


def report_scans(arguments: argparse.Namespace) -> Iterator[str]:
    for told in own_child("scans", {}, arguments.core):
        middle = statistics.median(told["cpu_s"])
        judged = verdict(middle, REACH[told["scan"]], larger=False)
        yield (
            f"{told['scan']} scan: {middle:.2f} processor seconds a page{judged}"
            f"   ({told['reason']}; up to {told['mib']:.0f} MiB so far)"
        )


def report_memory(arguments: argparse.Namespace) -> Iterator[str]:
    found = own_child("memory", {}, arguments.core)
    sizes = ", ".join(f"{one['page']}: {one['mib']:.0f}" for one in found)
    yield f"resident MiB of a process reading {LONG_PAGES:,} pages, at page {sizes}"


REPORTS: dict[str, Callable[[argparse.Namespace], Iterator[str]]] = {
    "digital": report_digital,
    "first": report_first,
    "scans": report_scans,
    "memory": report_memory,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", type=Path, nargs="*")
    parser.add_argument(
        "--split", default="dev", help="folders of this name are parts of a set (default dev)"
    )
    parser.add_argument("--pages", type=int, default=60, help="pages of each set (default 60)")
    parser.add_argument("--peers", default=sys.executable, help="a Python interpreter with other tools")
    parser.add_argument("--only", nargs="+", choices=MEASURES, default=MEASURES)
    parser.add_argument(
        "--core", type=int, default=first_core(), help="the core to run on (default the first)"
    )
    parser.add_argument("--limit", type=float, default=120, help="seconds for a tool or a set (default 120)")
    parser.add_argument("--measure", choices=MEASURES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        measure(arguments.measure)
        return
    for line in machine():
        print(line, flush=True)
    for name in arguments.only:
        print()
        for line in REPORTS[name](arguments):
            print(line, flush=True)


if __name__ == "__main__":
    main()
