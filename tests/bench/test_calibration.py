"""What counts as right: text that the truth has too, where the block stands, and nothing that it has not."""

import json

import pytest

import calibration
from calibration import Truth, judge_blocks, judge_words, similarity, words_of
from predict import told

SENTENCE = "the old bridge was closed in march and carts took the long way over the northern ford"


def found(text, kind="Text", *, confidence=0.95, bbox=(0, 0, 100, 100), page=1):
    high = "high" if confidence >= 0.9 else "low"
    return {
        "type": kind,
        "page": page,
        "bbox": list(bbox),
        "text": text,
        "confidence": high,
        "parse_confidence": confidence,
    }


def blocks_of(truth, *blocks):
    return list(judge_blocks("set", {"confidences": {"blocks": list(blocks)}}, Truth.of(truth)))


def test_markup_and_case_are_no_difference():
    assert words_of("## **The** Mill") == ["the", "mill"]
    assert words_of("<table><tr><td>A&amp;B</td><td>2</td></tr></table>") == ["a&b", "2"]
    assert words_of("- one\n- two “so”") == ["one", "two", '"so"']
    assert words_of("<<not a tag>>") == ["<<not", "a", "tag>>"]


def test_the_same_text_is_right_and_other_text_is_not():
    truth = (f"before it {SENTENCE} and after it " * 2).split()
    assert similarity(SENTENCE.split(), truth) == 1.0
    assert similarity(["wholly", "other", "matter", "stands", "here,", "of", "goats"], truth) < 0.6
    assert similarity(SENTENCE.split(), []) == 0.0


def test_a_misread_letter_costs_little_and_a_misread_half_much():
    truth = SENTENCE.split()
    assert calibration.RIGHT < similarity(SENTENCE.replace("bridge", "brldge").split(), truth) < 1.0
    assert similarity(SENTENCE.replace("o", "0").replace("e", "c").split(), truth) < calibration.RIGHT


def test_words_in_another_order_are_right():
    assert similarity(["b", "a", "d", "c"], ["a", "b", "c", "d"]) == 1.0


def test_a_word_said_twice_must_be_there_twice():
    assert similarity(["toll", "toll", "toll", "toll"], ["toll", "gate", "keeper"]) < calibration.RIGHT


def test_only_the_truth_under_the_block_is_searched():
    truth = {
        "lines": [
            {"text": "Total 12.50", "bbox": [0, 0, 80, 10]},
            {"text": "Thank you", "bbox": [0, 200, 80, 210]},
        ]
    }
    inside, elsewhere = blocks_of(truth, found("Total 12.50"), found("Thank you"))
    assert inside.right
    assert not elsewhere.right


def test_a_block_that_holds_part_of_a_line_is_right():
    truth = {"lines": [{"text": "HARBOUR DUES 14.00", "bbox": [0, 0, 200, 10]}]}
    (part,) = blocks_of(truth, found("Harbour dues", bbox=(0, 0, 110, 10)))
    assert part.right


def test_rows_are_read_from_left_to_right():
    pieces = [
        {"text": "c", "bbox": [0, 20, 10, 30]},
        {"text": "b", "bbox": [50, 1, 60, 11]},
        {"text": "a", "bbox": [0, 2, 10, 12]},
    ]
    assert [piece["text"] for piece in calibration.rows(pieces)] == ["a", "b", "c"]


def test_without_boxes_running_heads_are_not_judged_and_numbers_not_compared():
    truth = {"text_blocks": ["Scope", "The first of the rules"]}
    judged = blocks_of(
        truth, found("page 3 of 9", "Footer"), found("# 1.2 Scope", "Title"), found("2) Scope", "Text")
    )
    assert [(one.type, one.right) for one in judged] == [("Title", True), ("Text", False)]


def test_recognised_words_are_judged_one_by_one():
    truth = Truth.of({"words": [{"text": "-466", "page": 1, "bbox": [0, 0, 20, 10]}]})
    said = [("-466", 0.99, [0, 0, 20, 10]), ("-468", 0.6, [1, 1, 19, 9]), ("-466", 0.8, [0, 50, 20, 60])]
    prediction = {
        "words": [{"text": text, "page": 1, "bbox": box} for text, _, box in said],
        "confidences": {"words": [confidence for _, confidence, _ in said]},
    }
    judged = list(judge_words("set", prediction, truth, 0.9))
    assert [(one.high, one.right) for one in judged] == [(True, True), (False, False), (False, False)]


def test_a_whole_run_prints_high_and_low(tmp_path, monkeypatch, capsys):
    files, out = tmp_path / "files" / "a" / "dev", tmp_path / "out" / "a" / "dev"
    files.mkdir(parents=True)
    out.mkdir(parents=True)
    (files / "one.pdf").write_bytes(b"")
    (files / "one.pdf.gt.json").write_text(json.dumps({"text_blocks": [SENTENCE]}))
    blocks = [
        found(SENTENCE, confidence=1.0),
        found("goats", confidence=0.97),
        found("rhubarb", confidence=0.4),
    ]
    prediction = {"words": [], "confidences": {"blocks": blocks, "words": []}}
    (out / "one.pdf.json").write_text(json.dumps(prediction))
    words = ["x", str(tmp_path / "out"), str(tmp_path / "files"), "--set", "a", "--show", "5"]
    monkeypatch.setattr("sys.argv", words)
    calibration.main()
    printed = capsys.readouterr().out
    assert "1 of 1 documents" in printed
    assert "high and wrong: 1 of 2 high" in printed
    assert "a Text: goats" in printed
    sums = [line.split() for line in printed.splitlines() if line.startswith("all ")]
    assert sums == [["all", "2", "50.0%", "1", "0.0%"]] * 2


def test_bins_hold_every_block_once():
    judged = [calibration.Judged("a", "Text", step / 20, step > 17, 1.0) for step in range(21)]
    rows = list(calibration.bins(judged))
    counts = [int(row[18:25]) for row in rows[1:-1]]
    assert sum(counts) == len(judged)
    assert rows[-1].endswith("0.500")


@pytest.mark.parametrize("kind", ["Text", "Header"])
def test_predictions_keep_what_calibration_needs(tmp_path, kind):
    box = {"left": 0.1, "top": 0.2, "width": 0.5, "height": 0.1, "page": 1}
    block = {
        "type": kind,
        "bbox": box,
        "content": "Berth 4",
        "confidence": "high",
        "granular_confidence": {"extract_confidence": None, "parse_confidence": 0.97},
    }
    result = {
        "chunks": [{"content": "Berth 4", "blocks": [block]}],
        "ocr": {"words": [{"text": "Berth", "bbox": box, "confidence": 0.9}], "lines": []},
        "pages": [{"page": 1, "width": 200.0, "height": 100.0}],
    }
    prediction = told(tmp_path / "a.pdf", result)
    (kept,) = prediction["confidences"]["blocks"]
    assert kept == found("Berth 4", kind, confidence=0.97, bbox=(20.0, 20.0, 120.0, 30.0))
    assert prediction["confidences"]["words"] == [0.9]
    assert len(prediction["words"]) == 1
