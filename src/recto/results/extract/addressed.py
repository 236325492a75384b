"""Numbered lines in, those that speak to a language model out, as warnings for the user.

A document that tells its reader's software what to do is worth a look by people, whether or not a model obeys it.
Finding such a phrase changes nothing else: all text is given as text.
"""

import re
from collections.abc import Sequence

from recto.results.extract.numbered import NumberedLine

SHOWN_LETTERS = 60
MOST_WARNINGS = 5

_ADDRESSED = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,30}\b(?:previous|prior|above|earlier|preceding|all|any|your|the|these)\b"
    r".{0,20}\b(?:instruction|prompt|direction|rule|guideline|context)s?\b"
    r"|\byou are (?:now )?(?:an? )?(?:ai\b|assistant|language model|llm|chatbot|gpt|helpful assistant)"
    r"|\b(?:system prompt|system message|developer message)\b"
    r"|\bas an? (?:ai|artificial intelligence|language model|llm)\b"
    r"|\b(?:note|message|instructions?|attention) (?:to|for) (?:the )?(?:ai|llm|language model|assistant|model)s?\b"
    r"|\b(?:ai|llm|language) models? (?:must|should|shall|reading this)\b"
    r"|<\|?(?:im_start|im_end|system|assistant|endoftext)\|?>|\[/?INST\]"
    r"|\bignorier\w*\b.{0,30}\b(?:anweisung|instruktion)\w*|\bignore[zr]?\b.{0,30}\b(?:consignes|instructions)\b",
    re.IGNORECASE,
)


def warnings_of_addresses(lines: Sequence[NumberedLine]) -> tuple[str, ...]:
    """A sentence for each place that speaks to a model, the first few; phrases may break over two lines."""
    found: list[str] = []
    after = 0
    for at, line in enumerate(lines):
        following = lines[at + 1].text if at + 1 < len(lines) and lines[at + 1].page == line.page else ""
        match = _ADDRESSED.search(f"{line.text} {following}", after)
        after = 0
        if match is None or match.start() >= len(line.text):
            continue
        after = max(0, match.end() - len(line.text) - 1)  # the rest of this phrase is not found again
        shown = match.group()[:SHOWN_LETTERS]
        document = f" of document {line.document + 1}" if lines[-1].document else ""
        found.append(
            f"Page {line.page}{document} has words that address a language model (“{shown}”): they were given to it as"
            " text, with the word not to follow them. Look at the values yourself."
        )
    if len(found) > MOST_WARNINGS:
        return (*found[:MOST_WARNINGS], f"{len(found) - MOST_WARNINGS} more places address a language model.")
    return tuple(found)
