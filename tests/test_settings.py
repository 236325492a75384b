import pytest
from pydantic import ValidationError

from recto.settings import Settings


def test_a_layout_model_is_a_file_or_off(tmp_path):
    model = tmp_path / "layout.onnx"
    with pytest.raises(ValidationError, match=r"there is no file .*layout\.onnx; name an ONNX model, or off"):
        Settings(layout_model=str(model))
    model.touch()
    assert Settings(layout_model=str(model)).layout_model == str(model)
    assert Settings(layout_model="off").layout_model == "off"


def test_an_empty_layout_model_is_the_built_in_one(monkeypatch):
    monkeypatch.setenv("RECTO_LAYOUT_MODEL", "")
    assert Settings().layout_model is None
