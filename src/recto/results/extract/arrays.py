"""An array field and the evidence in, its items as nodes out, with their ledger.

Objects come from tables (tables), else from groups of labels that repeat; strings and numbers from a column with the
array's name, from the list behind its label, or, for parties, from the agreement (parties).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from recto.document.extraction import Leaf, Node, RowLedger, Source
from recto.document.schema import SchemaField
from recto.results.extract.candidates import by_labels
from recto.results.extract.evidence import Candidate, Evidence
from recto.results.extract.labels import Wanted, wanted
from recto.results.extract.names import name_words
from recto.results.extract.parties import parties
from recto.results.extract.passages import Passage
from recto.results.extract.printed import labels_of
from recto.results.extract.readers import readings, typed
from recto.results.extract.tables import TEXT_KINDS, Continued, Row, rows_of_array
from recto.results.extract.verify import verification_of

IN_TABLE, IN_GROUP, IN_LIST = 0.92, 0.7, 0.75
"""How sure a value is in the column of its field, in a group that repeats, in a list behind a label."""
LEAST_GROUPS = 2
_SEPARATORS = re.compile(r"\s*(?:[,;|•]|\band\b)\s*")


@dataclass(frozen=True, slots=True)
class Items:
    """The items of an array, and the account of its rows, None where no rows were read."""

    nodes: tuple[Node, ...]
    ledger: RowLedger | None = None


def array_of(field: SchemaField, evidence: Evidence) -> Items:
    """The items of an array field."""
    items = field.items
    if items is None:
        return Items(())
    if items.type == "object":
        return _objects(field, items, evidence)
    if items.type == "array":
        return Items(())
    if "party" in name_words(field.name) and items.type in ("string", "any"):
        return Items(tuple(_parties(items, evidence)))
    return _scalars(field, items, evidence)


def wanted_of_items(items: SchemaField) -> list[Wanted]:
    """The scalar fields of an array's objects, nested objects included; arrays inside are left out."""
    found: list[Wanted] = []
    for one in items.properties:
        if one.type == "object":
            found.extend(wanted_of_items(one))
        elif one.type != "array":
            found.append(wanted(one, column=True))
    return found


def _objects(field: SchemaField, items: SchemaField, evidence: Evidence) -> Items:
    fields = wanted_of_items(items)
    table = rows_of_array(evidence, fields)
    if not table.rows:
        return Items(tuple(_groups(items, fields, evidence)))
    by_path = {one.path: one for one in fields}
    nodes: list[Node] = []
    left_out = list(table.left_out)
    for row in table.rows:
        node = _object(items, _leaves(row, by_path, evidence))
        if any(leaf.value is not None for leaf in _every(node)):
            nodes.append(node)
        else:
            left_out.append(f"page {row.page}: “{row.text[:60]}” holds no value of the schema")
    ledger = RowLedger(field.path, len(nodes) + len(left_out), len(nodes), tuple(left_out))
    return Items(tuple(nodes), ledger)


def _leaves(row: Row, by_path: dict[str, Wanted], evidence: Evidence) -> dict[str, Leaf]:
    return {
        path: leaf
        for path, cell in row.cells.items()
        if path in by_path and (leaf := _leaf_of_cell(by_path[path], cell, evidence)) is not None
    }


def _leaf_of_cell(one: Wanted, cell: Passage, evidence: Evidence) -> Leaf | None:
    found = readings(one.kind, cell.text, one.field, day_first=evidence.day_first)
    kept = [(typed(each.value, one.field), each) for each in found]
    value, reading = next(((value, each) for value, each in kept if value is not None), (None, None))
    if reading is None:
        if (
            one.field.type not in ("string", "any")
            or one.field.format
            or one.field.enum
            or not cell.text.strip()
        ):
            return None
        value, start, end = cell.text.strip(), 0, len(cell.text)
    else:
        start, end = reading.start, reading.end
    sources = _sources(cell, start, end)
    said = verification_of(value, one.field, sources)
    read = min((source.confidence for source in sources), default=1.0)
    return Leaf(value, sources, said, round(IN_TABLE * (0.5 + 0.5 * read), 3), "stands in the field's column")


def _sources(cell: Passage, start: int, end: int) -> tuple[Source, ...]:
    if isinstance(cell, Continued):
        return tuple(source for part in cell.parts if (source := part.source(0, len(part.text))))
    source = cell.source(start, end)
    return (source,) if source else ()


def _object(field: SchemaField, leaves: dict[str, Leaf]) -> Node:
    made: dict[str, Node] = {}
    for one in field.properties:
        if one.type == "object":
            made[one.name] = _object(one, leaves)
        elif one.type == "array":
            made[one.name] = ()
        else:
            made[one.name] = leaves.get(one.path, Leaf(None, reason="not found"))
    return made


def _every(node: Node) -> Iterator[Leaf]:
    if isinstance(node, Leaf):
        yield node
        return
    for one in node if isinstance(node, tuple) else node.values():
        yield from _every(one)


def _groups(items: SchemaField, fields: Sequence[Wanted], evidence: Evidence) -> Iterator[Node]:
    """Objects from labels that repeat: each time the first of them comes, a new one begins."""
    found = {one.path: _in_order(by_labels(evidence, one)) for one in fields}
    found = {path: hits for path, hits in found.items() if len(hits) >= LEAST_GROUPS}
    if len(found) < LEAST_GROUPS:
        return
    first = min(found, key=lambda path: found[path][0].label)
    starts = [hit.label for hit in found[first]]
    by_path = {one.path: one for one in fields}
    for at, start in enumerate(starts):
        end = starts[at + 1] if at + 1 < len(starts) else (start[0], start[1] + 1, 0, 0)
        leaves: dict[str, Leaf] = {}
        for path, hits in found.items():
            hit = next((one for one in hits if start <= one.label < end), None)
            if hit is not None:
                said = verification_of(hit.value, by_path[path].field, hit.sources)
                leaves[path] = Leaf(
                    hit.value, hit.sources, said, round(IN_GROUP * min(hit.score, 1.0), 3), hit.reason
                )
        if leaves:
            yield _object(items, leaves)


def _in_order(hits: Sequence[Candidate]) -> list[Candidate]:
    """The best value of each label, labels in reading order."""
    best: dict[tuple[int, ...], Candidate] = {}
    for hit in hits:
        if hit.score >= IN_GROUP and (hit.label not in best or hit.score > best[hit.label].score):
            best[hit.label] = hit
    return [best[label] for label in sorted(best)]


def _parties(items: SchemaField, evidence: Evidence) -> Iterator[Leaf]:
    for text in evidence.documents:
        for one in parties(text):
            source = one.passage.source(one.start, one.end)
            sources = (source,) if source else ()
            yield Leaf(
                one.name, sources, verification_of(one.name, items, sources), one.sure, "is named as a party"
            )


def _scalars(field: SchemaField, items: SchemaField, evidence: Evidence) -> Items:
    """Values below a column's head, or parted by commas behind a label."""
    named = replace(items, name=field.name, title=field.title or items.title, description=field.description)
    one = wanted(named, column=True)
    table = rows_of_array(evidence, [one])
    leaves = [
        leaf
        for row in table.rows
        if (cell := row.cells.get(one.path)) and (leaf := _leaf_of_cell(one, cell, evidence))
    ]
    if leaves:
        ledger = RowLedger(field.path, len(leaves) + len(table.left_out), len(leaves), tuple(table.left_out))
        return Items(tuple(leaves), ledger)
    labels = sorted(labels_of(evidence, one, one.phrases), key=lambda label: -label.fit)
    for label in labels:
        if label.colon or one.kind not in TEXT_KINDS:
            found = list(_listed(one, label.phrase, label.end, evidence))
            if found:
                return Items(tuple(found))
    return Items(())


def _listed(one: Wanted, phrase: Passage, start: int, evidence: Evidence) -> Iterator[Leaf]:
    at = start
    for part in [*_SEPARATORS.finditer(phrase.text, start), None]:
        end = part.start() if part else len(phrase.text)
        for each in readings(one.kind, phrase.text[at:end], one.field, day_first=evidence.day_first)[:1]:
            value = typed(each.value, one.field)
            source = phrase.source(at + each.start, at + each.end)
            if value is not None and source is not None:
                yield Leaf(
                    value,
                    (source,),
                    verification_of(value, one.field, (source,)),
                    IN_LIST,
                    "is in the list behind its label",
                )
        at = part.end() if part else end
