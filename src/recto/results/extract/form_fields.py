"""Form fields and tick boxes in, candidates out: what was filled in, exactly as the file says.

A form field of the file has its name, its tooltip and its value: nothing is read from the page. Boxes that are only
drawn stand as [x] and [ ] in the text, before or behind what they mark. A truth value or a choice that follows from
a mark is derived; no word says it.
"""

import re
from collections.abc import Iterator

from recto.document.extraction import Scalar, Source
from recto.document.page import FormField
from recto.results.extract.dates import folded
from recto.results.extract.evidence import Candidate, Evidence, ids
from recto.results.extract.labels import Wanted, likeness
from recto.results.extract.names import name_words
from recto.results.extract.passages import Passage, joined
from recto.results.extract.printed import FREE_KINDS, Label, labels_of
from recto.results.extract.readers import TICK_BOX, readings, typed

LEAST_FIT = 0.55
"""Names and tooltips less like the field are none of its."""
FILLED_IN, TICKED, WRITTEN = 1.05, 0.95, 0.92
"""How sure a form field of the file is (more than anything printed), a tick beside a label, yes or no in words."""

_YES_NO = re.compile(r"\b(yes|no|ja|nein|nee|oui|non|si|true|false)\b", re.IGNORECASE)
_POSITIVE = frozenset(("yes", "ja", "oui", "si", "true"))


def filled_in(evidence: Evidence, wanted: Wanted) -> list[Candidate]:
    """Candidates from the form fields of the file."""
    found: list[Candidate] = []
    for text in evidence.documents:
        for block in text.read.blocks:
            for one in block.fields:
                if not one.name and not one.label:
                    continue
                fit = _fit(evidence, wanted, one)
                value, derived = _value(evidence, wanted, one)
                if fit < LEAST_FIT or value is None:
                    continue
                shown = one.value if not derived else (one.label or one.name)
                source = Source(text.index, block.page, one.box, shown, block)
                reason = f"is filled in as “{one.label or one.name}”"
                found.append(Candidate(wanted, value, (source,), fit * FILLED_IN, reason, derived=derived))
    return found


def _fit(evidence: Evidence, wanted: Wanted, one: FormField) -> float:
    called = [name_words(one.label), name_words(one.name.rsplit(".", 1)[-1].split("[", 1)[0])]
    fits = [
        phrase.weight * likeness(phrase.words, words, evidence.same)
        for words in called
        if words
        for phrase in wanted.phrases
    ]
    return max(fits, default=0.0)


def _value(evidence: Evidence, wanted: Wanted, one: FormField) -> tuple[Scalar, bool]:
    """The value of a form field for a schema field, and whether it follows from a mark; None where it has none."""
    if one.checked is not None:
        return _ticked_value(wanted, one), True
    text = one.value.strip()
    if not text or one.kind == "signature" or wanted.kind == "boolean":
        return None, False
    if wanted.kind in FREE_KINDS or (wanted.kind == "identifier" and wanted.field.type == "string"):
        return typed(text, wanted.field), False
    found = readings(wanted.kind, text, wanted.field, day_first=evidence.day_first)
    return next((typed(each.value, wanted.field) for each in found), None), False


def _ticked_value(wanted: Wanted, one: FormField) -> Scalar:
    """What a box or button says: whether it is ticked, or, ticked, what it stands for."""
    if one.kind == "signature":
        return None
    if wanted.kind == "boolean":
        return typed(one.checked, wanted.field)
    if not one.checked or not one.value:
        return None
    if not wanted.field.enum:
        return typed(one.value, wanted.field)
    return next((each for each in wanted.field.enum if folded(str(each)) == folded(one.value)), None)


def ticked(evidence: Evidence, wanted: Wanted) -> list[Candidate]:
    """Candidates from boxes drawn in the text, and from yes and no in words."""
    if wanted.kind not in ("boolean", "choice"):
        return []
    found: list[Candidate] = []
    for label in labels_of(evidence, wanted, wanted.phrases):
        whole = _beside(evidence, label)
        found.extend(
            _truths(wanted, label, whole) if wanted.kind == "boolean" else _chosen(wanted, label, whole)
        )
        if wanted.kind == "boolean" and not TICK_BOX.search(whole.text):
            found.extend(_drawn(wanted, label))
    return found


def _beside(evidence: Evidence, label: Label) -> Passage:
    """The label and what stands right of it; without tick boxes only the next phrase, which alone can be its word."""
    row = evidence.rows[label.phrase.document, label.phrase.page][evidence.row_of[id(label.phrase)]]
    right = row[row.index(label.phrase) :]
    whole = joined(right)
    if TICK_BOX.search(whole.text):
        return whole
    return joined(right[:1] if label.phrase.text[label.end :].strip() else right[:2])


def _drawn(wanted: Wanted, label: Label) -> Iterator[Candidate]:
    """A box drawn beside the label, which only the block's text tells: it has no word of its own."""
    block, text = label.phrase.block, label.phrase.text
    if block is None or label.first > 0 or text[label.end :].strip():
        return
    for line in block.text.split("\n"):
        before, said, after = line.partition(text)
        boxes = [*TICK_BOX.finditer(before.rstrip())][-1:]
        if said and boxes and boxes[0].end() == len(before.rstrip()):
            mark = boxes[0].group()
        elif said and not before.strip() and (behind := TICK_BOX.match(after.lstrip())):
            mark = behind.group()
        else:
            continue
        yield _candidate(wanted, label, label.phrase, 0, len(text), _is_marked(mark), TICKED, derived=True)
        return


def _truths(wanted: Wanted, label: Label, whole: Passage) -> Iterator[Candidate]:
    rest = whole.text[label.end :]
    before = label.phrase.text[: label.end]
    first = TICK_BOX.match(before.lstrip())
    if first is not None:
        yield _candidate(
            wanted, label, label.phrase, 0, label.end, _is_marked(first.group()), TICKED, derived=True
        )
        return
    marks = list(TICK_BOX.finditer(rest))
    words = list(_YES_NO.finditer(rest))
    if marks and words:
        leading = marks[0].start() < words[0].start()
        for mark in marks:
            word = _word_of(mark, words, leading=leading)
            if word is not None and _is_marked(mark.group()):
                value = word.group().lower() in _POSITIVE
                start = label.end + min(mark.start(), word.start())
                end = label.end + max(mark.end(), word.end())
                yield _candidate(wanted, label, whole, start, end, value, TICKED, derived=True)
    elif marks and marks[0].start() <= 2:  # noqa: PLR2004  (directly behind the label)
        end = label.end + marks[0].end()
        yield _candidate(
            wanted, label, whole, label.end, end, _is_marked(marks[0].group()), TICKED, derived=True
        )
    elif len(words) == 1 and words[0].start() <= 2 and len(rest.split()) <= 2:  # noqa: PLR2004
        value = words[0].group().lower() in _POSITIVE
        start, end = label.end + words[0].start(), label.end + words[0].end()
        yield _candidate(wanted, label, whole, start, end, value, WRITTEN, derived=True)


def _word_of(mark: re.Match[str], words: list[re.Match[str]], *, leading: bool) -> re.Match[str] | None:
    if leading:
        return next((word for word in words if word.start() >= mark.end()), None)
    return next((word for word in reversed(words) if word.end() <= mark.start()), None)


def _chosen(wanted: Wanted, label: Label, whole: Passage) -> Iterator[Candidate]:
    marks = list(TICK_BOX.finditer(whole.text, label.end))
    for at, mark in enumerate(marks):
        if not _is_marked(mark.group()):
            continue
        end = marks[at + 1].start() if at + 1 < len(marks) else len(whole.text)
        for one in readings("choice", whole.text[mark.end() : end], wanted.field, day_first=True)[:1]:
            start = mark.end() + one.start
            yield _candidate(
                wanted, label, whole, start, mark.end() + one.end, one.value, TICKED, derived=True
            )


def _is_marked(mark: str) -> bool:
    return any(letter in "xX✓✔☑☒" for letter in mark)


def _candidate(
    wanted: Wanted,
    label: Label,
    passage: Passage,
    start: int,
    end: int,
    value: Scalar,
    sure: float,
    *,
    derived: bool,
) -> Candidate:
    source = passage.source(start, end)
    return Candidate(
        wanted,
        value,
        (source,) if source else (),
        label.fit * sure,
        "is marked beside its label",
        ids(passage.words_between(start, end)),
        label.place,
        derived,
    )
