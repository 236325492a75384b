"""Lines, fields and hints in, the messages of one call out.

The document stands between marks that nobody can foresee, so that no text in it can end it. What the caller said of
his task comes from him and is an instruction; what the document says never is.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from recto.document.extraction import Scalar
from recto.document.schema import SchemaField
from recto.inference import templates
from recto.inference.port import Message
from recto.results.extract.answers import parts
from recto.results.extract.numbered import NumberedLine
from recto.results.extract.shape import described, skeleton
from recto.results.extract.windows import Window

LONGEST_PROMPT = 8_000
"""Letters of the caller's own words that are passed on."""
LONGEST_FAULTY_ANSWER = 4_000
"""Letters of an answer that could not be used, in the conversation that asks for another."""
MARK_BYTES = 4


@dataclass(frozen=True, slots=True)
class Hint:
    """What the rules found for a field: the value (of a list: how many rows), and the lines it stands on."""

    path: str
    value: Scalar
    lines: tuple[int, ...] = ()
    rows: int | None = None


def messages_of(
    group: SchemaField,
    lines: Sequence[NumberedLine],
    window: Window,
    *,
    prompt: str,
    hints: Sequence[Hint] = (),
    again: Sequence[str] = (),
) -> list[Message]:
    """The conversation that asks for a group of fields in a window; `again` says what was wrong the first time."""
    mark = f"document-{secrets.token_hex(MARK_BYTES)}"
    asked = [
        f"<{mark}>\n{shown_lines(lines, window)}\n</{mark}>",
        f"Fields:\n{described(group)}",
        "Form of the answer (each value with the numbers of its lines):\n"
        + json.dumps(skeleton(group), ensure_ascii=False),
    ]
    told = [_hint(hint) for hint in hints if _concerns(hint, group, window)]
    if told:
        asked.append(
            "A program without understanding read these values; it may be wrong, and you are to judge by the lines:\n"
            + _marked(mark, told)
        )
    if again:
        asked.append(f"{templates.text('recheck')}\n{_marked(mark, again)}")
    system = templates.text("extract", mark=mark)
    if prompt.strip():
        system += f"\n\nThe task in the words of the person who asks:\n{prompt.strip()[:LONGEST_PROMPT]}"
    return [Message("system", system), Message("user", "\n\n".join(asked))]


def _marked(mark: str, told: Sequence[str]) -> str:
    """Sentences that quote the document, between the marks that part it from instructions."""
    return "\n".join((f"<{mark}>", *told, f"</{mark}>"))


def correction(messages: Sequence[Message], answer: str, fault: str) -> list[Message]:
    """The conversation that asks once more after an answer that could not be used."""
    told = answer[:LONGEST_FAULTY_ANSWER] or "(nothing)"
    return [*messages, Message("assistant", told), Message("user", templates.text("correct", fault=fault))]


def shown_lines(lines: Sequence[NumberedLine], window: Window) -> str:
    """The lines of a window with their numbers, and a heading where a page begins."""
    some = lines[window.first - 1 : window.last]
    many = lines[-1].document > 0
    told = [_heading(some[0], many=many), f"[{window.first}] {some[0].text}"]
    for number, (before, line) in enumerate(pairwise(some), start=window.first + 1):
        if (line.document, line.page) != (before.document, before.page):
            told.append(_heading(line, many=many))
        told.append(f"[{number}] {line.text}")
    return "\n".join(told)


def _heading(line: NumberedLine, *, many: bool) -> str:
    return f"--- document {line.document + 1}, page {line.page} ---" if many else f"--- page {line.page} ---"


def _hint(hint: Hint) -> str:
    if hint.rows is not None:
        return f"- {hint.path}: {hint.rows} entries in all"
    named = ", ".join(map(str, hint.lines))
    return f"- {hint.path}: {json.dumps(hint.value, ensure_ascii=False)}" + (
        f" (line {named})" if named else ""
    )


def _concerns(hint: Hint, group: SchemaField, window: Window) -> bool:
    inside = any(".".join(part.names) == hint.path for part in parts(group))
    seen = not hint.lines or any(window.first <= line <= window.last for line in hint.lines)
    return inside and seen
