"""`recto extract`: reads a document in this process, extracts values by a JSON Schema, prints them as JSON.

The same steps as an extract job, without a server: parse, keep the reading, extract from it, by the model too where the
settings name one. Warnings go to
standard error.
"""

import asyncio
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import msgspec

from recto.cli.parsing import page_spans
from recto.cli.supervise import tell
from recto.document.options import CitationOptions, ExtractOptions, ParseOptions
from recto.errors import InvalidSchema
from recto.inference.service import ModelService
from recto.intake.filetype import detect
from recto.jobs.advance import chosen_pages
from recto.jobs.answering import MODEL_FAULTS, rules_instead
from recto.jobs.extracting import Extracted, ModelFiles, extract_to_files
from recto.results.extract.answers import ModelAnswer
from recto.results.extract.schema import read_schema
from recto.results.parse import Document, look_at, parse_file


@dataclass(frozen=True, slots=True)
class ExtractCommand:
    """What the command line asked for."""

    file: Path
    schema: Path
    citations: bool
    pages: str
    password: str | None
    layout_model: str | None = None
    model: ModelService | None = None


def run_extract(command: ExtractCommand, out: TextIO) -> None:
    """Extract from the file and print the values: one object (or array), each value with its citations if asked.

    Raises:
        InvalidSchema: the schema's file holds none. RectoError: the document cannot be read.
    """
    schema = _schema(command.schema)
    with tempfile.TemporaryDirectory(prefix="recto-") as folder:
        scratch = Path(folder)
        kept, result = scratch / "kept", scratch / "result.json"
        document = Document(command.file, detect(command.file, command.file.name), command.password)
        inspection = look_at(document, scratch)
        if inspection.readable is not None:
            document = Document(inspection.readable, document.type, command.password)
        numbers = chosen_pages(page_spans(command.pages), inspection.pages)
        parsed = parse_file(document, ParseOptions(), numbers, scratch, command.layout_model, kept)
        options = ExtractOptions(schema=schema, citations=CitationOptions(enabled=command.citations))
        files = ModelFiles((kept,), scratch / "rules", result, scratch / "citations.json")
        extracted = _extracted(command.model, files, options)
        for warning in dict.fromkeys([*inspection.warnings, *parsed.warnings, *extracted.warnings]):
            tell(warning)
        values = msgspec.json.decode(result.read_bytes())
    json.dump(values if command.citations else values[0], out, ensure_ascii=False, indent=2)
    out.write("\n")


def _extracted(service: ModelService | None, files: ModelFiles, options: ExtractOptions) -> Extracted:
    """The answer by the model where there is one, else, or when it fails and may, by the rules."""
    told: tuple[str, ...] = ()
    if service is not None:
        try:
            return _by_model(service, files, options)
        except MODEL_FAULTS as error:
            if service.fails == "job":
                raise
            told = (rules_instead(error),)
    return extract_to_files(files.kept, options, files.result, files.citations, parse_credits=0.0, told=told)


def _by_model(service: ModelService, files: ModelFiles, options: ExtractOptions) -> Extracted:
    from recto.jobs import asking  # noqa: PLC0415 - the engine is loaded by those who ask it

    view = asking.look_for_model(files, options)

    async def asked() -> ModelAnswer:
        try:
            return await asking.model_answer(service, view, options, {})
        finally:
            await service.client.close()

    return asking.model_to_files(files, options, asyncio.run(asked()), (), parse_credits=0.0)


def _schema(path: Path) -> str:
    try:
        schema = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidSchema(f"{path} is no text in UTF-8: {error}.") from error
    read_schema(schema)  # before the document is read, which may take minutes
    return schema
