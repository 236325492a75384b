"""The last step of a parse, run in a child process: readings in, the result file and its summary out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recto.document.options import ParseOptions
from recto.results.parse import assemble
from recto.wire.parse_result import write_full_result
from recto.wire.usage import usage_for


@dataclass(frozen=True, slots=True)
class Assembled:
    """Size of the result file in bytes, the usage part of the answer, and the sentences for the user.

    `pictures` says whether the result names pictures, which get their links when it is handed out.
    """

    result_bytes: int
    usage: dict[str, Any]
    warnings: tuple[str, ...]
    pictures: bool = False


def assemble_to_file(
    readings: Sequence[Path],
    options: ParseOptions,
    order: Sequence[int],
    out: Path,
    *,
    batch: bool,
    image_prefix: str = "",
    kept: Path | None = None,
) -> Assembled:
    """Write the wire's FullResult as JSON to `out`, and to `kept` the reading that later steps need.

    `image_prefix` is where the job's pictures are stored.
    """
    result = assemble(readings, options, order, (), kept)
    with out.open("wb") as file:
        size = write_full_result(result, file, image_prefix=image_prefix)
    usage = usage_for(result, batch=batch)
    return Assembled(size, usage, result.warnings, pictures=bool(options.read.images))
