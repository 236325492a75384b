"""Whole layouts of documents made by code, against files that were read by people.

Refresh with `RECTO_REFRESH_GOLDEN=1 pytest tests/golden`, then read the difference.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from documents import layouts, pdfs
from recto.blocks.document import settle
from recto.blocks.page import lay_out
from recto.chunks.tables_out import table_text
from recto.document.block import Block
from recto.intake.filetype import FileType
from recto.pages import reading

FOLDER = Path(__file__).parent
PDF = FileType("pdf", "pdf", "application/pdf")
DOCUMENTS = {
    "two_columns": layouts.two_columns_pdf,
    "tables": layouts.tables_pdf,
    "lists": layouts.lists_pdf,
    "continued": layouts.continued_pdf,
    "typeset": layouts.typeset_pdf,
    "drawings": layouts.drawings_pdf,
    "checked": layouts.checked_pdf,
    "side_notes": layouts.side_notes_pdf,
    "vertical": pdfs.vertical_pdf,
    "leftward": pdfs.leftward_pdf,
    "concealed": pdfs.concealed_pdf,
    "report": pdfs.report_pdf,
}


def refreshing() -> bool:
    return bool(os.environ.get("RECTO_REFRESH_GOLDEN"))


def dump(blocks: Sequence[Block]) -> str:
    """Readable: page, order, type, level, box in whole points, text; tables as HTML; then what stands beside it."""
    parts = []
    for order, block in enumerate(blocks, 1):
        box = block.box
        place = f"[{box.x0:.0f} {box.y0:.0f} {box.x1:.0f} {box.y1:.0f}]"
        head = f"p{block.page} #{order} {block.type} level {block.level} {place}"
        marker = f"{block.marker} | " if block.marker else ""
        body = table_text(block.table, "html") if block.table else f"{marker}{block.text}"
        parts.append("\n".join((head, body, *beside(block))) + "\n")
    return "\n".join(parts)


def beside(block: Block) -> list[str]:
    """What a block says beside its text, a line each."""
    told = [f"  caption: {block.caption}"] if block.caption else []
    if block.caption_of:
        told.append(f"  caption of a {block.caption_of.type}")
    if block.hidden_text:
        told.append(f"  hidden: {block.hidden_text!r}")
    return [*told, *(f"  {finding.kind} {finding.agrees}: {finding.text}" for finding in block.findings)]


def laid_out(name: str, folder: Path) -> str:
    path = folder / f"{name}.pdf"
    path.write_bytes(DOCUMENTS[name]())
    pages = reading.inspect(path, PDF, None, folder).pages
    read = reading.read(path, PDF, range(1, pages + 1))
    return dump(settle([lay_out(page) for page in read], merge_tables=True))


def test_goldens_are_not_refreshed_on_the_build_server():
    assert not (os.environ.get("CI") == "true" and refreshing()), (
        "RECTO_REFRESH_GOLDEN is set on the build server: goldens are refreshed by people, who read them"
    )


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_layout(name, tmp_path):
    found = laid_out(name, tmp_path)
    golden = FOLDER / f"{name}.txt"
    if refreshing():
        golden.write_text(found, encoding="utf-8")
    assert found == golden.read_text(encoding="utf-8")
