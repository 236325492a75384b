"""Candidates of nested fields in, the same weighed by the section of the page they stand in.

`buyer.name` and `seller.name` have the same label; the heading above ("Bill to", "Sold by") tells them apart. Of all
headings that name an object of the schema, the nearest one above and to the left of a value is its section.
"""

from collections.abc import Sequence
from dataclasses import replace

from recto.document.geometry import Box
from recto.document.schema import SchemaField
from recto.results.extract.evidence import Candidate, Evidence
from recto.results.extract.labels import Phrase, Wanted, wanted
from recto.results.extract.printed import labels_of

OWN_SECTION, OTHER_SECTION, NO_SECTION = 1.1, 0.5, 0.8
"""What becomes of a fit in the section of the field's object, in that of another object, and in none where the
schema has such a field twice."""
ACROSS = 2.0
"""A point to the side counts as so many points down: sections stand in columns."""
LEFT_SLACK_PT = 12.0
"""A value may begin this far left of its section's heading, in points."""
FARTHEST_PT = 260.0
"""A heading has its section at most this far below, in points."""
LEAST_FIT = 0.6

Context = tuple[str, ...]
Place = tuple[int, int, Box]


class Sections:
    """The headings of all objects of a schema, where they stand."""

    def __init__(self, evidence: Evidence) -> None:
        self._headings: dict[tuple[int, int], list[tuple[Context, Box]]] = {}
        contexts = {one.context for one in evidence.fields if one.context}
        for context in sorted(contexts):
            for label in labels_of(evidence, *_as_wanted(context)):
                if label.fit >= LEAST_FIT:
                    phrase = label.phrase
                    here = self._headings.setdefault((phrase.document, phrase.page), [])
                    here.append((context, phrase.box))
        names: dict[Context, set[Context]] = {}
        for one in evidence.fields:
            names.setdefault(one.words, set()).add(one.context)
        self._twice = {words for words, where in names.items() if len(where) > 1}

    def weighed(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Candidates with their fit for the section they stand in."""
        return [
            replace(one, score=one.score * self._share(one)) if one.sources else one for one in candidates
        ]

    def _share(self, one: Candidate) -> float:
        if not self._headings or (not one.wanted.context and one.wanted.words not in self._twice):
            return 1.0
        source = one.sources[0]
        section = self._section((source.document, source.page, source.box))
        if section is None:
            return NO_SECTION if one.wanted.words in self._twice and one.wanted.context else 1.0
        if section == one.wanted.context:
            return OWN_SECTION
        return OTHER_SECTION

    def _section(self, place: Place) -> Context | None:
        document, page, box = place
        best: Context | None = None
        nearest = FARTHEST_PT
        for context, heading in self._headings.get((document, page), ()):
            down = box.center_y - heading.center_y
            if down < -heading.height / 2 or box.x0 < heading.x0 - LEFT_SLACK_PT:
                continue
            distance = down + ACROSS * max(0.0, box.x0 - heading.x1)
            if distance < nearest:
                best, nearest = context, distance
        return best


def _as_wanted(context: Context) -> tuple[Wanted, tuple[Phrase, ...]]:
    one = wanted(SchemaField("_".join(context), ".".join(context), "any"))
    return one, one.phrases
