"""The texts that models are given, as files of this package: a name and what stands in for `$words` in, a text out."""

from functools import cache
from importlib.resources import files
from string import Template


@cache
def _template(name: str) -> Template:
    return Template((files("recto.inference") / "prompts" / f"{name}.txt").read_text(encoding="utf-8"))


def text(name: str, **values: str) -> str:
    """The text of prompts/<name>.txt; raises KeyError for a `$word` without a value."""
    return _template(name).substitute(values).strip()
