"""A model's answer, the lines it was shown and the rules' findings in; an extraction out whose every value is checked.

Lines become words and boxes. A value is verified when the words, read anew, are the value; derived when it follows
from them; all else is unverified, lines that do not exist or do not say it included. Where the rules found the same
value confidence rises, where they found another it falls, and both are said.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from recto.document.extraction import Extraction, Judgement, Leaf, Node, RowLedger, Source
from recto.document.schema import SchemaField
from recto.results.extract.answers import ModelAnswer, Said, Tree
from recto.results.extract.numbered import ReadLine
from recto.results.extract.places import place_of
from recto.results.extract.prompting import Hint
from recto.results.extract.verify import plain_letters, verification_of

CONFIDENCE = {"verified": 0.85, "derived": 0.7, "unverified": 0.3}
"""How sure a model's value is by what its lines say of it (guesses, to be calibrated)."""
AGREEMENT, DISAGREEMENT = 0.5, 0.7
"""Share of the doubt that goes when the rules agree, and of the confidence that stays when they do not."""
RULES_SURE = 0.9
"""Confidence from which a value of the rules stands where the model found none: form fields and labels with a colon."""
SHOWN_PATHS = 5
MOST_HINTS = 200


def hints_of(rules: Extraction, lines: Sequence[ReadLine]) -> tuple[Hint, ...]:
    """What the rules found, for a model: single values with their lines, and of lists how many rows."""
    by_page: dict[tuple[int, int], list[tuple[int, ReadLine]]] = {}
    for number, line in enumerate(lines, start=1):
        by_page.setdefault((line.document, line.page), []).append((number, line))
    values = (
        Hint(path, leaf.value, _lines_of(leaf, by_page))
        for path, leaf in _single(rules.root, "")
        if leaf.value is not None
    )
    rows = (Hint(ledger.path, None, rows=ledger.returned) for ledger in rules.ledgers if ledger.returned)
    return (*islice(values, MOST_HINTS), *islice(rows, MOST_HINTS))


def cited(
    answer: ModelAnswer, root: SchemaField, lines: Sequence[ReadLine], rules: Extraction, *, judged: bool
) -> Extraction:
    """The extraction that a model's answer makes; `judged` asks for a judgement of the whole."""
    tree = _node(answer.root, root, _Checked(lines, complete=answer.complete), rules.root)
    ledgers, short = _ledgers(tree, rules)
    told = list(_leaves(tree, ""))
    return Extraction(
        root=tree,
        engine="model",
        ledgers=ledgers,
        warnings=(*answer.warnings, *short),
        cost=answer.cost,
        model=answer.model,
        judgement=_judgement(answer, told) if judged else None,
    )


class _Checked:
    """Makes leaves of what was said."""

    def __init__(self, lines: Sequence[ReadLine], *, complete: bool) -> None:
        self._lines = lines
        self.complete = complete

    def text_of(self, number: int) -> str:
        return self._lines[number - 1].text if 1 <= number <= len(self._lines) else ""

    def leaf(self, said: Said, field: SchemaField) -> Leaf:
        """The value with its words, if there are any that state it."""
        if said.value is None:
            return Leaf(None, reason="the model found nothing")
        place = place_of(said.value, field, said.lines, self.text_of)
        if place is None:
            reason = "the lines it names do not state it" if said.lines else "it names no line"
            if said.invented and not said.lines:
                reason = "the lines it names do not exist"
            # What was named is shown all the same, so that people can look; it proves nothing.
            return Leaf(said.value, self._whole(said.lines), "unverified", CONFIDENCE["unverified"], reason)
        found = [self._lines[line - 1].source(start, end) for line, start, end in place.spans]
        sources = tuple(source for source in found if source is not None)
        how = "derived" if place.how == "follows" else verification_of(said.value, field, sources)
        return Leaf(said.value, sources, how, CONFIDENCE[how] * _read(sources), "read by the model")

    def _whole(self, numbers: Sequence[int]) -> tuple[Source, ...]:
        found = (self._lines[number - 1] for number in numbers[:SHOWN_PATHS])
        sources = (line.source(0, len(line.text)) for line in found)
        return tuple(source for source in sources if source is not None)


def _read(sources: Sequence[Source]) -> float:
    """How much of a confidence is left by how surely the words were read."""
    return 0.5 + 0.5 * min((source.confidence for source in sources), default=1.0)


def _node(tree: Tree | None, field: SchemaField | None, checked: _Checked, rules: Node | None) -> Node:
    """The answer as nodes; `rules` is what stands at the same place of the rules' answer."""
    if field is None or (field.type == "object" and not field.properties):
        return _open_node(tree, checked)
    if field.type == "object":
        told = tree if isinstance(tree, dict) else {}
        known: Mapping[str, Node] = rules if isinstance(rules, Mapping) else {}
        return {
            one.name: _node(told.get(one.name), one, checked, known.get(one.name)) for one in field.properties
        }
    if field.type == "array":
        entries = tree if isinstance(tree, list) else []
        if isinstance(rules, tuple) and not checked.complete and len(rules) > len(entries):
            return rules  # the model was not asked about all of it, or not at all
        return tuple(_node(one, field.items, checked, None) for one in entries)
    if not isinstance(tree, Said):
        return rules if isinstance(rules, Leaf) else Leaf(None, reason="the model was not asked")
    leaf = checked.leaf(tree, field)
    return crossed(leaf, rules) if isinstance(rules, Leaf) else _rounded(leaf)


def _open_node(tree: Tree | None, checked: _Checked) -> Node:
    if isinstance(tree, dict):
        return {name: _open_node(inner, checked) for name, inner in tree.items()}
    if isinstance(tree, list):
        return tuple(_open_node(inner, checked) for inner in tree)
    return _rounded(checked.leaf(tree or Said(None), SchemaField("", "", "any")))


def crossed(leaf: Leaf, rules: Leaf) -> Leaf:
    """A model's value beside that of the rules."""
    if rules.value is None:
        return _rounded(leaf)
    if leaf.value is None:
        if rules.confidence < RULES_SURE or rules.verification == "unverified":
            return replace(leaf, reason=f"{leaf.reason}; the rules read {rules.value!r}, not surely enough")
        reason = f"the model found nothing; by rules: {rules.reason}"
        return _rounded(replace(rules, confidence=rules.confidence * DISAGREEMENT, reason=reason))
    if same_value(leaf.value, rules.value):
        if leaf.verification == "unverified" and rules.verification != "unverified":
            # The rules know where it stands, which the model did not: their words prove it.
            return _rounded(replace(rules, value=leaf.value, reason=f"read by the model; {rules.reason}"))
        sure = 1 - (1 - leaf.confidence) * AGREEMENT
        return _rounded(replace(leaf, confidence=sure, reason=f"{leaf.reason}; the rules read the same"))
    doubt = f"{leaf.reason}; the rules read {rules.value!r} instead"
    return _rounded(replace(leaf, confidence=leaf.confidence * DISAGREEMENT, reason=doubt))


def same_value(one: object, other: object) -> bool:
    """Whether two values are the same but for the way they are written.

    >>> same_value("ACME, Inc.", "Acme Inc"), same_value(3, 3.0), same_value(True, 1)
    (True, True, False)
    """
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, str) and isinstance(other, str):
        return plain_letters(one) == plain_letters(other)
    return one == other


def _rounded(leaf: Leaf) -> Leaf:
    return replace(leaf, confidence=round(min(1.0, max(0.0, leaf.confidence)), 3))


def _ledgers(tree: Node, rules: Extraction) -> tuple[tuple[RowLedger, ...], list[str]]:
    """The rules' account of rows beside what the model returned, and a sentence where it returned fewer."""
    found: list[RowLedger] = []
    short: list[str] = []
    for ledger in rules.ledgers:
        returned = _length(tree, ledger.path)
        if returned is None:
            continue
        left_out = ledger.left_out
        if returned < ledger.returned:
            missing = ledger.returned - returned
            left_out = (*left_out, f"{missing} rows that the rules count were not returned by the model")
            short.append(
                f"Of {ledger.path or 'the list'} the rules count {ledger.returned} rows, the model returned {returned}."
            )
        found.append(RowLedger(ledger.path, max(ledger.seen, returned), returned, left_out))
    return tuple(found), short


def _length(tree: Node, path: str) -> int | None:
    for name in path.split(".") if path else ():
        if not isinstance(tree, Mapping) or name not in tree:
            return None
        tree = tree[name]
    return len(tree) if isinstance(tree, tuple) else None


def _judgement(answer: ModelAnswer, told: Sequence[tuple[str, Leaf]]) -> Judgement:
    found = [(path, leaf) for path, leaf in told if leaf.value is not None]
    doubtful = [path for path, leaf in found if leaf.verification == "unverified"]
    rounds = f"Checked in {answer.rounds} round{'s' if answer.rounds > 1 else ''}"
    if not found:
        return Judgement("low", f"{rounds}: no value was found.")
    if not answer.complete:
        return Judgement("low", f"{rounds}, but the model was not asked about everything: see the warnings.")
    if not doubtful:
        return Judgement("high", f"{rounds}: all {len(found)} values are said by the words they cite.")
    named = ", ".join(doubtful[:SHOWN_PATHS]) + (", …" if len(doubtful) > SHOWN_PATHS else "")
    return Judgement(
        "low",
        f"{rounds}: {len(doubtful)} of {len(found)} values are not said by the words they cite: {named}.",
    )


def _single(node: Node, path: str) -> Iterator[tuple[str, Leaf]]:
    """The leaves that are in no list."""
    if isinstance(node, Leaf):
        yield path, node
    elif isinstance(node, Mapping):
        for name, inner in node.items():
            yield from _single(inner, f"{path}.{name}" if path else name)


def _leaves(node: Node, path: str) -> Iterator[tuple[str, Leaf]]:
    if isinstance(node, tuple):
        for at, inner in enumerate(node):
            yield from _leaves(inner, f"{path}[{at}]")
    elif isinstance(node, Mapping):
        for name, inner in node.items():
            yield from _leaves(inner, f"{path}.{name}" if path else name)
    else:
        yield path, node


def _lines_of(
    leaf: Leaf, by_page: Mapping[tuple[int, int], Sequence[tuple[int, ReadLine]]]
) -> tuple[int, ...]:
    """The lines whose words a leaf cites."""
    numbers: list[int] = []
    for source in leaf.sources:
        for number, line in by_page.get((source.document, source.page), ()):
            if any(source.box.holds_center_of(word.box) for word in line.words):
                numbers.append(number)
                if len(numbers) >= SHOWN_PATHS:
                    return tuple(numbers)
    return tuple(numbers)
