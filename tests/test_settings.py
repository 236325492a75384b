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


@pytest.mark.parametrize(("name", "length"), [("bootstrap_key", 20), ("secret_key", 16)])
def test_short_secrets_are_refused_and_not_repeated(name, length):
    with pytest.raises(ValidationError, match=rf"too short to be safe: .*{length} ") as caught:
        Settings(**{name: "s" * (length - 1)})
    assert "s" * (length - 1) not in str(caught.value.errors(include_input=False))
    assert getattr(Settings(**{name: "s" * length}), name).get_secret_value() == "s" * length


def test_an_empty_secret_is_none(monkeypatch):
    monkeypatch.setenv("RECTO_BOOTSTRAP_KEY", "")
    monkeypatch.setenv("RECTO_SECRET_KEY", "")
    assert (Settings().bootstrap_key, Settings().secret_key) == (None, None)
