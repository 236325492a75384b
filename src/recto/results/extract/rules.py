"""Read documents and a schema in, an extraction out, by rules and without any model.

All scalar fields are looked for at once: their labels on forms and in headers (candidates), places that have no
label (letterhead, prose), then every field gets the best that is left (assign). Arrays are made from tables and
repeated groups (tables). Each value cites its words and says whether they say it (verify). Nothing is invented: what
is not found is None.
"""

from collections.abc import Callable, Sequence

from recto.document.extraction import Extraction, Leaf, Node, ReadDocument, RowLedger
from recto.document.schema import SchemaField
from recto.results.extract.arrays import array_of, wanted_of_items
from recto.results.extract.assign import assigned
from recto.results.extract.candidates import by_labels
from recto.results.extract.evidence import Candidate, Evidence
from recto.results.extract.form_fields import filled_in, ticked
from recto.results.extract.labels import Wanted, wanted
from recto.results.extract.letterhead import address_parts, issuers
from recto.results.extract.lexicon import GENERIC_WORDS
from recto.results.extract.money import currencies
from recto.results.extract.names import name_words
from recto.results.extract.prose import defined
from recto.results.extract.sections import Sections
from recto.results.extract.signing import oaths, signers
from recto.results.extract.totals import is_total, weighed
from recto.results.extract.undated import lone_spans, own_dates
from recto.results.extract.verify import verification_of

PARTS_OF_OTHERS = GENERIC_WORDS | {"contact", "person", "data", "part", "section"}
"""Objects of these names are told apart by the object around them."""

Finder = Callable[[Evidence, Wanted], list[Candidate]]

FINDERS: tuple[Finder, ...] = (
    filled_in,
    ticked,
    by_labels,
    issuers,
    address_parts,
    own_dates,
    lone_spans,
    defined,
    signers,
    oaths,
    currencies,
)
"""Where candidates of a scalar field come from."""

UNVERIFIED_SHARE = 0.6
"""What is left of the confidence of a value that its words do not say."""


def extract(documents: Sequence[ReadDocument], root: SchemaField, prompt: str = "") -> Extraction:
    """The answer of the rules to a schema; `prompt` is what the caller said in words, and steers nothing here.

    The answer has every field of the schema: a missing value is a Leaf of None, a missing array is empty.
    """
    del prompt
    fields = list(_scalars(root, ()))
    evidence = Evidence(documents, [*fields, *_in_arrays(root)])
    sections = Sections(evidence)
    found = {one.path: sections.weighed(_candidates(evidence, one)) for one in fields}
    chosen = assigned(found)
    ledgers: list[RowLedger] = []
    return Extraction(root=_node(root, chosen, evidence, ledgers), ledgers=tuple(ledgers))


def _in_arrays(field: SchemaField) -> list[Wanted]:
    """The scalar fields of the objects of all arrays, so that their words are known too."""
    if field.type == "object":
        return [one for child in field.properties for one in _in_arrays(child)]
    if field.type == "array" and field.items is not None:
        return wanted_of_items(field.items) if field.items.type == "object" else [wanted(field.items)]
    return []


def _candidates(evidence: Evidence, one: Wanted) -> list[Candidate]:
    found = [hit for finder in FINDERS for hit in finder(evidence, one)]
    return weighed(evidence, one, found) if is_total(one) else found


def _scalars(field: SchemaField, context: tuple[str, ...]) -> list[Wanted]:
    if field.type == "object":
        own = name_words(field.name)
        inside = (*context, *own) if PARTS_OF_OTHERS.issuperset(own) else own
        return [one for child in field.properties for one in _scalars(child, inside)]
    return [] if field.type == "array" else [wanted(field, context)]


def _node(
    field: SchemaField, chosen: dict[str, Candidate], evidence: Evidence, ledgers: list[RowLedger]
) -> Node:
    if field.type == "object":
        return {one.name: _node(one, chosen, evidence, ledgers) for one in field.properties}
    if field.type == "array":
        return _array(field, evidence, ledgers)
    return leaf_of(field, chosen.get(field.path))


def _array(field: SchemaField, evidence: Evidence, ledgers: list[RowLedger]) -> Node:
    found = array_of(field, evidence)
    if found.ledger is not None:
        ledgers.append(found.ledger)
    return found.nodes


def leaf_of(field: SchemaField, candidate: Candidate | None) -> Leaf:
    """A candidate as a leaf of the answer; None makes an empty one."""
    if candidate is None or candidate.value is None:
        return Leaf(None, reason="not found")
    said = "derived" if candidate.derived else verification_of(candidate.value, field, candidate.sources)
    read = min((source.confidence for source in candidate.sources), default=1.0)
    share = UNVERIFIED_SHARE if said == "unverified" else 1.0
    confidence = round(min(1.0, candidate.score) * share * (0.5 + 0.5 * read), 3)
    return Leaf(candidate.value, candidate.sources, said, confidence, candidate.reason)
