"""How far Recto's confidence can be believed: how often what it was sure of was right.

    .venv/bin/python bench/calibration.py OUT FILES --split dev --set parse_docx2pdf ocr_funsd ocr_sroie

OUT holds the predictions that predict.py has written, FILES the documents with their truths (<name>.gt.json) beside
them. A truth is used that has `words` or `lines` with boxes, or `text_blocks` without. For every block the text is
compared with the truth, and the share of right ones is printed by `high` and `low`, by type, and by bins of
`parse_confidence`; the same for recognised words. What "right" means is printed above the figures.
"""

import argparse
import html
import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from predict import documents, name_of, truth_of

RIGHT = 0.9
"""Similarity (0..1) from which a block is right."""
BINS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0)
"""Lower edges of the bins; the last holds exactly 1."""
TOUCHED = 0.2
"""Share of a line of the truth inside a block from which the line may be meant: blocks part lines at columns."""
UNDER = 0.3
"""Share of the smaller box from which a word of the truth lies under a recognised one."""
SAME_ROW = 0.5
"""Share of a piece's height by which the middles of pieces of one row differ at most."""
RUN_ON_TYPES = {"Header", "Footer", "Page Number", "Figure"}
"""Types whose text the truths without boxes do not hold."""
NUMBERED_TYPES = {"Title", "Section Header", "List Item"}
NUMBER = re.compile(r"\s*#*\s*(\d+(\.\d+)*[.)]?|[a-z][.)])\s")
"""A number before a heading or list item. Truths without boxes come from word processors, which count on their own:
there the number is in no text."""
TAG = re.compile(r"</?(table|thead|tbody|tr|th|td|br|sup|sub|b|i|u|s|p)\b[^<>]*>", re.IGNORECASE)
SHORTEST = 2
"""Letters of a block's text: less cannot be told from noise."""
LONGEST_SHOWN = 90
PREAMBLE = f"""\
A block is right when its text is found in the truth with a similarity of at least {RIGHT}. Case, spaces, marks of
Markdown and tags do not count. Where the truth has boxes, only what lies in the block's box is searched, and text
that nobody annotated counts as wrong; elsewhere the whole document is searched, for blocks other than running
heads, page numbers and figures, and without the numbers before headings and list items. The similarity is the
larger of two: that of the best passage, letter by letter in order (twice the letters in common over the letters of
both), and the share of the block's letters in words that the truth has too, in any order. Text that a block lacks
does not count against it. A recognised word is right when its letters are found, in order and without a gap, in
the truth under its box."""

Corners = Sequence[float]
"""x0, y0, x1, y1."""


@dataclass(frozen=True)
class Judged:
    """A block or word: what it is, how sure Recto was (0..1), whether it called it high, how similar it is."""

    set: str
    type: str
    confidence: float
    high: bool
    similarity: float
    text: str = ""

    @property
    def right(self) -> bool:
        return self.similarity >= RIGHT


def words_of(text: str) -> list[str]:
    """The words of a text in any format, folded; list marks and markup are none."""
    bare = html.unescape(TAG.sub(" ", text))
    bare = unicodedata.normalize("NFKC", bare).casefold()
    bare = bare.translate(str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-"}))
    bare = re.sub(r"^\s*(#+|[-*•])\s", " ", bare, flags=re.MULTILINE)
    return re.sub(r"[*|_`\\]", " ", bare).split()


def similarity(words: Sequence[str], truth: Sequence[str]) -> float:
    """How surely the words are in the truth: 0..1; see PREAMBLE."""
    letters = sum(map(len, words))
    if not letters or not truth:
        return 0.0
    there = Counter(words) & Counter(truth)
    any_order = sum(len(word) * count for word, count in there.items()) / letters
    return max(any_order, in_order("".join(words), passage(words, truth)))


def passage(words: Sequence[str], truth: Sequence[str]) -> str:
    """The letters of the truth around the longest run of words it has in common with the text."""
    spare = len(words) // 4 + 3
    if len(truth) > len(words) + 2 * spare:
        anchor = SequenceMatcher(None, words, truth, autojunk=False).find_longest_match()
        if anchor.size:
            first = max(0, anchor.b - anchor.a - spare)
            truth = truth[first : anchor.b + len(words) - anchor.a + spare]
    return "".join(truth)


def in_order(text: str, around: str) -> float:
    """Similarity of the text and that part of its surroundings which begins and ends with a match."""
    matches = SequenceMatcher(None, text, around, autojunk=False).get_matching_blocks()[:-1]
    if not matches:
        return 0.0
    span = matches[-1].b + matches[-1].size - matches[0].b
    return 2 * sum(match.size for match in matches) / (len(text) + span)


def share_inside(box: Corners, other: Corners) -> float:
    """Share of the smaller box in the other."""
    wide = min(box[2], other[2]) - max(box[0], other[0])
    high = min(box[3], other[3]) - max(box[1], other[1])
    smaller = min((one[2] - one[0]) * (one[3] - one[1]) for one in (box, other))
    return wide * high / smaller if wide > 0 and high > 0 and smaller > 0 else 0.0


def rows(pieces: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Pieces of a truth from top to bottom, and from left to right in a row."""
    ordered: list[list[dict[str, Any]]] = []
    for piece in sorted(pieces, key=lambda one: one["bbox"][1] + one["bbox"][3]):
        _, top, _, bottom = piece["bbox"]
        if ordered:
            _, first_top, _, first_bottom = ordered[-1][0]["bbox"]
            if abs((top + bottom) - (first_top + first_bottom)) / 2 <= SAME_ROW * (first_bottom - first_top):
                ordered[-1].append(piece)
                continue
        ordered.append([piece])
    return [piece for row in ordered for piece in sorted(row, key=lambda one: one["bbox"][0])]


@dataclass(frozen=True)
class Truth:
    """What a document really says: pieces with boxes, or else its words in order."""

    pieces: tuple[dict[str, Any], ...] = ()
    words: tuple[str, ...] = ()

    @classmethod
    def of(cls, read: dict[str, Any]) -> "Truth | None":
        pieces = read.get("words") or read.get("lines")
        if pieces:
            return cls(pieces=tuple(pieces))
        if "text_blocks" not in read:
            return None
        texts = [*(NUMBER.sub("", one, 1) for one in read["text_blocks"]), *read.get("tables_html", ())]
        return cls(words=tuple(word for text in texts for word in words_of(text)))

    def near(self, page: int, box: Corners, share: float) -> list[str]:
        """The words that may be meant by what stands in the box."""
        if not self.pieces:
            return list(self.words)
        under = [
            piece
            for piece in self.pieces
            if piece.get("page", 1) == page and share_inside(piece["bbox"], box) >= share
        ]
        return [word for piece in rows(under) for word in words_of(piece["text"])]


def judge_blocks(name: str, prediction: dict[str, Any], truth: Truth) -> Iterator[Judged]:
    """Every block with text that the truth can judge."""
    for block in prediction["confidences"]["blocks"]:
        text = block["text"]
        if not truth.pieces and block["type"] in NUMBERED_TYPES:
            text = NUMBER.sub("", text, 1)
        words = words_of(text)
        if sum(map(len, words)) < SHORTEST or (not truth.pieces and block["type"] in RUN_ON_TYPES):
            continue
        near = truth.near(block["page"], block["bbox"], TOUCHED)
        high = block["confidence"] == "high"
        similar = similarity(words, near)
        yield Judged(name, block["type"], block["parse_confidence"], high, similar, " ".join(words))


def judge_words(name: str, prediction: dict[str, Any], truth: Truth, high: float) -> Iterator[Judged]:
    """Every recognised word, where the truth has boxes."""
    if not truth.pieces:
        return
    for word, confidence in zip(prediction["words"], prediction["confidences"]["words"], strict=True):
        text = "".join(words_of(word["text"]))
        if confidence is None or not text:
            continue
        near = "".join(truth.near(word["page"], word["bbox"], UNDER))
        yield Judged(name, "word", confidence, confidence >= high, float(text in near), text)


def judged(
    out: Path, files: Path, split: str, sets: Sequence[str], high: float
) -> tuple[list[Judged], list[Judged]]:
    """Blocks and words of all documents that have a prediction and a truth; says what is missing."""
    blocks: list[Judged] = []
    words: list[Judged] = []
    for name in sets:
        used = 0
        found = documents(files / name / split)
        for document in found:
            path = out / name / split / f"{name_of(document)}.json"
            truth = Truth.of(truth_of(document))
            prediction = json.loads(path.read_text()) if path.exists() else {}
            if truth is None or "confidences" not in prediction:
                continue
            used += 1
            blocks.extend(judge_blocks(name, prediction, truth))
            words.extend(judge_words(name, prediction, truth, high))
        print(f"{name}: {used} of {len(found)} documents have a prediction with confidences and a truth")
    return blocks, words


def table(title: str, found: Sequence[Judged], key: Callable[[Judged], str]) -> Iterator[str]:
    """Counts and shares of right ones by key, high and low apart."""
    yield f"{title:<18}{'high':>7}{'right':>8}{'low':>7}{'right':>8}"
    groups: dict[str, list[Judged]] = defaultdict(list)
    for one in found:
        groups[key(one)].append(one)
    for name, members in [*sorted(groups.items()), ("all", list(found))]:
        told = "".join(
            f"{len(part):>7}{share_right(part):>8}"
            for part in ([one for one in members if one.high], [one for one in members if not one.high])
        )
        yield f"{name:<18}{told}"


def share_right(part: Sequence[Judged]) -> str:
    return f"{sum(one.right for one in part) / len(part):.1%}" if part else "-"


def bins(found: Sequence[Judged]) -> Iterator[str]:
    """By confidence: how many, how sure, how often right; then the mean distance between the two."""
    yield f"{'confidence':<18}{'count':>7}{'mean':>8}{'right':>8}{'similar':>9}"
    distance = 0.0
    for place, edge in enumerate(BINS):
        above = BINS[place + 1] if place + 1 < len(BINS) else float("inf")
        members = [one for one in found if edge <= one.confidence < above]
        if not members:
            continue
        count = len(members)
        mean = sum(one.confidence for one in members) / count
        right = sum(one.right for one in members) / count
        similar = sum(one.similarity for one in members) / count
        distance += abs(mean - right) * count / len(found)
        upper = "" if above == float("inf") else f" to {above}"
        yield f"{f'{edge}{upper}':<18}{count:>7}{mean:>8.3f}{right:>8.1%}{similar:>9.3f}"
    yield f"mean distance between confidence and share of right ones: {distance:.3f}"


def worst(found: Sequence[Judged], shown: int) -> Iterator[str]:
    """What Recto was sure of and wrong about, the least similar first."""
    wrong = sorted((one for one in found if one.high and not one.right), key=lambda one: one.similarity)
    yield f"high and wrong: {len(wrong)} of {sum(one.high for one in found)} high"
    for one in wrong[:shown]:
        yield f"  {one.similarity:.2f} {one.confidence:.2f} {one.set} {one.type}: {one.text[:LONGEST_SHOWN]}"


def main() -> None:
    """Print the calibration of the chosen sets."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("files", type=Path)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--set", nargs="+", required=True, dest="sets")
    parser.add_argument("--high", type=float, default=0.9, help="confidence of a sure word (default 0.9)")
    parser.add_argument("--show", type=int, default=0, help="print so many that were high and wrong")
    asked = parser.parse_args()
    print(f"{PREAMBLE}\n")
    blocks, words = judged(asked.out, asked.files, asked.split, asked.sets, asked.high)
    for title, found in (("blocks", blocks), ("words", words)):
        if not found:
            continue
        print(f"\n{title}: {len(found)}")
        print("\n".join(worst(found, asked.show)))
        print("\n".join(table("set", found, lambda one: one.set)))
        if title == "blocks":
            print("\n".join(table("type", found, lambda one: one.type)))
        print("\n".join(bins(found)))


if __name__ == "__main__":
    main()
