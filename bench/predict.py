"""Runs Recto over folders of documents and writes one prediction per document, for scorers to compare.

    .venv/bin/python bench/predict.py FILES OUT --split dev --set tables_icdar2013 parse_docx2pdf

FILES/<set>/<split>/ holds documents, and beside each perhaps `<name>.gt.json`, of which only a `password` is read
here, and for the sets of fields (kie_*, ocr_sroie) their names and types, which are then extracted.
OUT/<set>/<split>/<name>.json gets the prediction. Documents that have one are skipped, so the command can be
interrupted and called again. Everything goes through the public HTTP interface, of a server started for the
purpose unless --url names one.
"""

import argparse
import base64
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from truth_schema import schema_for

KEY = "recto_bench-key-of-the-predictions"
PICTURES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".gif", ".webp"}
LIMIT_S = 600.0
LOCKED = "DOCUMENT_PASSWORD_PROTECTED"
PLAIN_TYPES = {
    "Title": "title",
    "Section Header": "title",
    "List Item": "list",
    "Table": "table",
    "Figure": "figure",
}
"""Block types in the five words of layout data sets; everything else is text."""

HEADED_SHARE = 0.5
"""Share of a table's columns that must have a heading for its cells to be values of them."""
UNESCAPED_BAR = re.compile(r"(?<!\\)\|")
ESCAPED = re.compile(r"\\([|\\])")

EVERY_WORD = {
    "formatting": {"table_output_format": "md"},
    "settings": {"return_ocr_data": True},
}
"""Options for the sets whose truth is every word of the page, split at blanks: running heads too, and no tags."""
EVERY_WORD_SETS = "ocr_"
FIELD_SETS = ("kie_", "ocr_sroie")
"""How the names of the sets begin whose truths hold fields to be extracted."""

OPTIONS = {
    "retrieval": {"filter_blocks": ["Header", "Footer", "Page Number"]},  # the truths hold the body text only
    "formatting": {"table_output_format": "html"},
    "settings": {"return_ocr_data": True},
}


@contextmanager
def started_server(port: int) -> Iterator[str]:
    """A server of its own for the run."""
    with tempfile.TemporaryDirectory(prefix="recto-bench-") as folder:
        env = os.environ | {
            "RECTO_DATA_DIR": folder,
            "RECTO_PORT": str(port),
            "RECTO_BOOTSTRAP_KEY": KEY,
            "RECTO_OCR_READERS": str(os.cpu_count() or 1),
        }
        with (Path(folder) / "server.log").open("wb") as log:
            server = subprocess.Popen(
                [sys.executable, "-c", "from recto.cli.main import app; app()", "serve"],
                env=env,
                stdout=log,
                stderr=log,
            )
        url = f"http://127.0.0.1:{port}"
        try:
            wait_until_ready(url)
            yield url
        finally:
            server.terminate()
            server.wait(60)


def wait_until_ready(url: str) -> None:
    """Return when the server answers; RuntimeError after a minute."""
    for _ in range(120):
        try:
            if httpx.get(f"{url}/ready").status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    raise RuntimeError(f"{url} does not get ready")


def documents(folder: Path) -> list[Path]:
    """The documents of a folder, without the truths beside them."""
    return sorted(p for p in folder.iterdir() if p.is_file() and not p.name.endswith(".gt.json"))


def truth_of(document: Path) -> dict[str, Any]:
    """The truth file beside a document, empty when there is none."""
    for name in (f"{document.stem}.gt.json", f"{document.name}.gt.json"):
        if (document.parent / name).exists():
            return json.loads((document.parent / name).read_text())
    return {}


def name_of(document: Path) -> str:
    """The name of a document's prediction: that of its truth."""
    whole = document.parent / f"{document.name}.gt.json"
    return document.name if whole.exists() else document.stem


def predict(client: httpx.Client, document: Path) -> dict[str, Any]:
    """Parse one document and say what came out."""
    begun = time.monotonic()
    every_word = document.parent.parent.name.startswith(EVERY_WORD_SETS)
    options = json.loads(json.dumps(EVERY_WORD if every_word else OPTIONS))
    password = truth_of(document).get("password")
    if password:
        options["settings"]["document_password"] = password
    try:
        with document.open("rb") as file:
            upload = client.post("/upload", files={"file": (document.name, file)})
        upload.raise_for_status()
        answer = client.post("/parse", json={"input": upload.json()["file_id"], **options})
    except httpx.TimeoutException:
        return {"status": "timeout", "seconds": time.monotonic() - begun}
    except httpx.HTTPError as error:
        return {"status": "crash", "seconds": time.monotonic() - begun, "error": repr(error)}
    seconds = round(time.monotonic() - begun, 3)
    body = answer.json()
    if answer.status_code != 200:
        name = body.get("error", {}).get("name", "")
        status = "locked" if name == LOCKED else "error"
        return {"status": status, "seconds": seconds, "error": body}
    result = body["result"]
    if result["type"] == "url":
        result = client.get(result["url"], headers={"authorization": ""}).json()
    found = {"status": "ok", "seconds": seconds, "pages": body["usage"]["num_pages"]} | told(document, result)
    return found | extracted(client, document, body["job_id"])


def extracted(client: httpx.Client, document: Path, job_id: str) -> dict[str, Any]:
    """The fields of a parsed document, where its truth has some."""
    schema = schema_for(truth_of(document))
    if schema is None or not document.parent.parent.name.startswith(FIELD_SETS):
        return {}
    begun = time.monotonic()
    asked = {"input": f"jobid://{job_id}", "instructions": {"schema": schema}}
    try:
        answer = client.post("/extract", json=asked)
    except httpx.HTTPError as error:
        return {"extract_error": repr(error)}
    if answer.status_code != 200:
        return {"extract_error": answer.json()}
    result = answer.json()["result"]
    if isinstance(result, dict):  # a link
        result = client.get(result["url"], headers={"authorization": ""}).json()
    return {"fields": result[0], "extract_seconds": round(time.monotonic() - begun, 3)}


def told(document: Path, result: dict[str, Any]) -> dict[str, Any]:
    """A FullResult in the scorers' form."""
    sizes = page_sizes(document, result)
    blocks = [block for chunk in result["chunks"] for block in chunk["blocks"]]
    words = (result["ocr"] or {}).get("words", [])
    return {
        "markdown": "\n\n".join(chunk["content"] for chunk in result["chunks"]),
        "tables_html": [block["content"] for block in blocks if block["type"] == "Table"],
        "words": [
            {"text": word["text"], "page": word["bbox"]["page"], "bbox": box(word["bbox"], sizes)}
            for word in words
        ],
        "blocks": with_whole_lists(
            [
                {
                    "type": PLAIN_TYPES.get(block["type"], "text"),
                    "page": block["bbox"]["page"],
                    "bbox": box(block["bbox"], sizes),
                }
                for block in blocks
                if block["type"] not in {"Header", "Footer", "Page Number"}
            ]
        ),
        "key_values": [pair for block in blocks for pair in labelled_values(block)],
        "confidences": {
            "blocks": [confidence_of(block, sizes) for block in blocks],
            "words": [word["confidence"] for word in words],
        },
    }


def confidence_of(block: dict[str, Any], sizes: dict[int, tuple[float, float]]) -> dict[str, Any]:
    """What a block says and how sure it is of it, for calibration.py; the words' stand in the words' order."""
    granular = block["granular_confidence"] or {}
    return {
        "type": block["type"],
        "page": block["bbox"]["page"],
        "bbox": box(block["bbox"], sizes),
        "text": block["content"],
        "confidence": block["confidence"],
        "parse_confidence": granular.get("parse_confidence"),
    }


def with_whole_lists(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """List items that follow each other in one column as one box: layout data sets know lists, not items."""
    found: list[dict[str, Any]] = []
    for block in blocks:
        before = found[-1] if found else None
        if before is not None and block["type"] == before["type"] == "list" and _goes_on(before, block):
            corners = list(zip(before["bbox"], block["bbox"], strict=True))
            joined = [min(pair) for pair in corners[:2]] + [max(pair) for pair in corners[2:]]
            found[-1] = before | {"bbox": joined}
        else:
            found.append(block)
    return found


def _goes_on(before: dict[str, Any], block: dict[str, Any]) -> bool:
    (left, _, right, _), (x0, y0, x1, _) = before["bbox"], block["bbox"]
    shared = min(right, x1) - max(left, x0)
    below = y0 >= (before["bbox"][1] + before["bbox"][3]) / 2
    return before["page"] == block["page"] and below and shared > 0.5 * min(right - left, x1 - x0)


def labelled_values(block: dict[str, Any]) -> list[dict[str, str]]:
    """The pairs a reader finds in a block: its `key: value` lines, or the cells of a table below their headings."""
    if block["type"] == "Key Value":
        return pairs(block["content"])
    if block["type"] == "Table" and block["content"].startswith("|"):
        return headed_cells(block["content"])
    return []


def headed_cells(table: str) -> list[dict[str, str]]:
    """Each cell of a pipe table with the heading of its column.

    No pairs where the first row is no heading: where most of it is empty or a cell of it has no letter.
    """
    rows = [pipe_cells(line) for line in table.splitlines()]
    heads = rows[0]
    named = [head for head in heads if head]
    if len(named) <= HEADED_SHARE * len(heads) or not all(any(map(str.isalpha, head)) for head in named):
        return []
    return [
        {"key": head.rstrip(": "), "value": cell}
        for row in rows[2:]  # the second line is the rule below the headings
        for head, cell in zip(heads, row, strict=False)
        if head and cell
    ]


def pipe_cells(line: str) -> list[str]:
    """The cells of one line of a pipe table, as they were before their bars and backslashes were escaped."""
    cells = UNESCAPED_BAR.split(line)[1:-1]
    return [ESCAPED.sub(r"\1", cell.strip()) for cell in cells]


def pairs(content: str) -> list[dict[str, str]]:
    """The pairs of a Key Value block, whose lines are `key: value`."""
    split = [line.partition(":") for line in content.splitlines()]
    return [{"key": key.strip(), "value": value.strip()} for key, colon, value in split if colon]


def page_sizes(document: Path, result: dict[str, Any]) -> dict[int, tuple[float, float]]:
    """Width and height of each page: pixels of a picture, else points."""
    if document.suffix.lower() in PICTURES:
        with Image.open(document) as picture:
            return dict.fromkeys((page["page"] for page in result["pages"]), picture.size)
    return {page["page"]: (page["width"], page["height"]) for page in result["pages"]}


def box(bbox: dict[str, Any], sizes: dict[int, tuple[float, float]]) -> list[float]:
    """A wire box as x0, y0, x1, y1 in the page's own unit."""
    width, height = sizes[bbox["page"]]
    x0, y0 = bbox["left"] * width, bbox["top"] * height
    return [round(v, 2) for v in (x0, y0, x0 + bbox["width"] * width, y0 + bbox["height"] * height)]


def run(client: httpx.Client, document: Path, out: Path) -> str:
    """Predict one document into its file; returns the status."""
    prediction = predict(client, document)
    fresh = out.with_name(f".{base64.b32encode(os.urandom(5)).decode()}")
    fresh.write_text(json.dumps(prediction, ensure_ascii=False))
    fresh.rename(out)
    return prediction["status"]


def main() -> None:
    """Read the arguments and predict every document that has no prediction yet."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--set", nargs="+", required=True, dest="sets")
    parser.add_argument("--url", help="a running server, with its key in RECTO_KEY")
    parser.add_argument("--port", type=int, default=8790)
    parser.add_argument("--parallel", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    if arguments.url:
        predict_sets(arguments, arguments.url, os.environ.get("RECTO_KEY", ""))
        return
    with started_server(arguments.port) as url:
        predict_sets(arguments, url, KEY)


def predict_sets(arguments: argparse.Namespace, url: str, key: str) -> None:
    """Predict the chosen sets and print how many documents ended how."""
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    )
    client = httpx.Client(base_url=url, headers={"authorization": f"Bearer {key}"}, timeout=LIMIT_S)
    with client, ThreadPoolExecutor(arguments.parallel) as pool:
        for name in arguments.sets:
            folder = arguments.out / name / arguments.split
            folder.mkdir(parents=True, exist_ok=True)
            found = documents(arguments.files / name / arguments.split)
            wanted = {doc: folder / f"{name_of(doc)}.json" for doc in found}
            missing = {doc: out for doc, out in wanted.items() if not out.exists()}
            begun = time.monotonic()
            statuses = list(pool.map(lambda pair: run(client, *pair), missing.items()))
            counts = {status: statuses.count(status) for status in sorted(set(statuses))}
            took = time.monotonic() - begun
            print(
                f"{name}: {len(found)} documents, {len(missing)} predicted in {took:.1f} s {counts}",
                flush=True,
            )


if __name__ == "__main__":
    main()
