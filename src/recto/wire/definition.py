"""A pipeline's definition: its name and its steps, as people write it in YAML or JSON.

Text or values in; a checked definition, its canonical bytes and its content hash out. The options of a step
are the very groups that the API takes, but here every unknown key is an error: a definition lives long, and a
misspelt option in it would be ignored for ever. It never stores anything.
"""

import hashlib
import json
import math
from collections.abc import Iterator
from typing import Any, cast

import pydantic
import yaml
from pydantic import Field, field_validator

from recto.errors import InvalidConfig, InvalidSchema, NotAvailable
from recto.wire.edit import Document, EditOptions, EditWidget
from recto.wire.extract import ExtractSettings, Instructions, extract_options
from recto.wire.model import ClosedModel, flat_any_of, unknown_keys
from recto.wire.parse_options import ParseOptions, to_options
from recto.wire.parse_result import sound_text
from recto.wire.split import DEFAULT_RULES, SplitCategory, SplitSettings

MAX_TEXT = 262_144
"""Longest definition in characters: far beyond any written by hand, with room for large schemas."""
MAX_DEPTH = 60
"""Deepest nesting of values; beyond it no option and no sensible schema goes."""
MAX_STEPS = 50
MAX_NAME = 100
"""Longest pipeline name in characters: it stands in lists and in file names of exports."""
SHOWN_FAULTS = 5
"""How many faults one message names."""

STEP_KINDS = ("parse", "split", "extract", "edit")
SERVED_KINDS = ("parse", "extract")
"""Step kinds this server can run."""


class ParseStep(ParseOptions):
    """The option groups of /parse."""


class SplitStep(ClosedModel):
    split_description: list[SplitCategory] = Field(min_length=1)
    split_rules: str = DEFAULT_RULES
    settings: SplitSettings = SplitSettings()


class ExtractStep(ClosedModel):
    section: str | None = None
    instructions: Instructions
    settings: ExtractSettings = ExtractSettings()


class EditStep(ClosedModel):
    document_url: Document | None = Field(default=None, json_schema_extra=flat_any_of)
    edit_instructions: str = ""
    edit_options: EditOptions = EditOptions()
    form_schema: list[EditWidget] | None = None


class Step(ClosedModel):
    """One step: an object with one key, the kind of step, that holds the step's options."""

    parse: ParseStep | None = None
    split: SplitStep | None = None
    extract: ExtractStep | None = None
    edit: EditStep | None = None

    @property
    def kind(self) -> str:
        """Which of the four it is."""
        return next(kind for kind in STEP_KINDS if getattr(self, kind) is not None)


class PipelineDefinition(ClosedModel):
    name: str
    steps: list[Step] = Field(min_length=1, max_length=MAX_STEPS)

    @field_validator("name")
    @classmethod
    def _printable(cls, name: str) -> str:
        name = name.strip()
        if not name or len(name) > MAX_NAME or not name.isprintable():
            raise ValueError(f"a name is 1 to {MAX_NAME} printable characters on one line")
        return name

    @property
    def parse(self) -> ParseOptions:
        """The options of its parse step."""
        step = self.steps[0].parse
        if step is None:
            raise InvalidConfig("The first step of a pipeline must be a parse step.")
        return step


def load_definition(text: str) -> PipelineDefinition:
    """The definition that a YAML or JSON text holds.

    Raises InvalidConfig, naming the place, for text that is too long, cannot be read, repeats a key, uses
    anchors or tags of YAML, or does not describe a pipeline.
    """
    if len(text) > MAX_TEXT:
        raise InvalidConfig(
            f"The pipeline definition is {len(text):,} characters long; at most {MAX_TEXT:,} are read."
        )
    try:
        return read_definition(_read(text))
    except RecursionError as error:
        raise InvalidConfig(_TOO_DEEP) from error


def read_definition(value: object) -> PipelineDefinition:
    """The definition that JSON values describe. Raises InvalidConfig naming what is wrong and where."""
    if not isinstance(value, dict):
        raise InvalidConfig(
            "A pipeline definition is an object with the keys name and steps, such as "
            '{"name": "Invoices", "steps": [{"parse": {}}]}.'
        )
    _refuse_foreign(value, "", 0)
    try:
        definition = PipelineDefinition.model_validate(_with_empty_options(value))
    except pydantic.ValidationError as error:
        raise InvalidConfig(_told(error)) from error
    faults = list(unknown_keys(definition)) + list(_faults(definition))
    if faults:
        raise InvalidConfig(_listed(faults))
    to_options(definition.parse)
    for index, step in enumerate(definition.steps):
        if step.extract is not None:
            _check_extract(step.extract, index)
    return definition


def canonical(definition: PipelineDefinition) -> bytes:
    """The definition as JSON bytes that are the same for the same meaning.

    Every default is written out, so that a stored version keeps its meaning when a default changes.
    """
    value = {
        "name": definition.name,
        "steps": [_step_value(step) for step in definition.steps],
    }
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def content_hash(definition: PipelineDefinition) -> str:
    """SHA-256 of the canonical bytes, in hexadecimal: equal definitions, equal hash."""
    return hashlib.sha256(canonical(definition)).hexdigest()


def check_deployable(definition: PipelineDefinition) -> None:
    """Raise NotAvailable when the definition has steps this server cannot run."""
    missing = [
        f"steps[{index}] ({step.kind})"
        for index, step in enumerate(definition.steps)
        if step.kind not in SERVED_KINDS
    ]
    if missing:
        kinds = " and ".join(kind for kind in STEP_KINDS if any(f"({kind})" in one for one in missing))
        raise NotAvailable(
            f"The definition is valid, but {kinds} steps are not available yet: {', '.join(missing)}. "
            "Deploy the pipeline with its parse step, and one extract step if you wish, alone."
        )
    if sum(step.kind == "extract" for step in definition.steps) > 1:
        raise NotAvailable(
            "The definition is valid, but several extract steps are for the sections of a split step, which is not"
            " available yet. Put all values into the schema of one extract step."
        )


def _check_extract(step: ExtractStep, index: int) -> None:
    try:
        extract_options(step.instructions, step.settings)
    except InvalidSchema as error:
        raise InvalidSchema(f"steps[{index}].extract.instructions.schema: {error.message}") from error


_TOO_DEEP = f"The pipeline definition is nested deeper than {MAX_DEPTH} levels."


def _step_value(step: Step) -> dict[str, Any]:
    inner = cast("pydantic.BaseModel", getattr(step, step.kind))
    return {step.kind: inner.model_dump(mode="json", by_alias=True)}


class _PlainLoader(yaml.SafeLoader):
    """YAML without anchors (a few of them can stand for gigabytes) and without repeated keys."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Refuse an alias where one stands."""
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise yaml.constructor.ConstructorError(
                None, None, "anchors and aliases are not read: write the value out", event.start_mark
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Refuse a key that stands twice."""
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {name!r} stands twice", key.start_mark
                )
            seen.add(name)
        return super().construct_mapping(node, deep=deep)


def _read(text: str) -> object:
    """The values of a JSON text, else of a YAML text: YAML readers stumble over some JSON, such as tabs."""
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text, object_pairs_hook=_unrepeated)
        except ValueError:
            pass  # It may still be YAML in flow style, and YAML's message names the place as well.
    try:
        return yaml.load(text, Loader=_PlainLoader)  # noqa: S506 - a SafeLoader, only stricter
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise InvalidConfig(f"The pipeline definition cannot be read{place}: {error.problem}.") from error
    except (yaml.YAMLError, ValueError) as error:
        raise InvalidConfig(f"The pipeline definition cannot be read: {error}.") from error


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidConfig(f"The pipeline definition cannot be read: the key {twice!r} stands twice.")
    return value


def _refuse_foreign(value: object, at: str, depth: int) -> None:
    """Raise InvalidConfig for values that JSON does not have, such as YAML's dates, and for deep nesting."""
    if depth > MAX_DEPTH:
        raise InvalidConfig(_TOO_DEEP)
    if isinstance(value, dict):
        for key, inner in cast("dict[object, object]", value).items():
            if not isinstance(key, str):
                raise InvalidConfig(f"{at or 'The definition'} has the key {key!r}: write it in quotes.")
            _refuse_foreign(inner, f"{at}.{key}" if at else key, depth + 1)
    elif isinstance(value, list):
        for index, inner in enumerate(cast("list[object]", value)):
            _refuse_foreign(inner, f"{at}[{index}]", depth + 1)
    elif not isinstance(value, str | int | float | None):
        raise InvalidConfig(f"{at} is read as {value!r}: write it in quotes if text is meant.")
    elif isinstance(value, str) and sound_text(value) != value:
        raise InvalidConfig(f"{at} holds half a character (a lone surrogate): write the text anew.")
    elif isinstance(value, float) and not math.isfinite(value):
        raise InvalidConfig(f"{at} is {value}, which is not a number: give a finite one.")


def _with_empty_options(value: dict[str, Any]) -> dict[str, Any]:
    """A step written without options (`- parse:` or `- parse`) has empty ones."""
    steps = value.get("steps")
    if not isinstance(steps, list):
        return value
    plain: list[object] = []
    for step in cast("list[object]", steps):
        if isinstance(step, str) and step in STEP_KINDS:
            plain.append({step: {}})
        elif isinstance(step, dict):
            pairs = cast("dict[str, object]", step)
            plain.append({kind: {} if options is None else options for kind, options in pairs.items()})
        else:
            plain.append(step)
    return {**value, "steps": plain}


def _faults(definition: PipelineDefinition) -> Iterator[str]:
    """What is wrong with the steps together."""
    for index, step in enumerate(definition.steps):
        given = [kind for kind in STEP_KINDS if getattr(step, kind) is not None]
        if len(given) != 1:
            yield (
                f"steps[{index}] has {len(given)} kinds ({', '.join(given) or 'none'}): "
                f"a step is an object with one key, {', '.join(STEP_KINDS[:-1])} or {STEP_KINDS[-1]}"
            )
            return
    kinds = [step.kind for step in definition.steps]
    if kinds[0] != "parse" or kinds.count("parse") > 1:
        yield f"the steps are {', '.join(kinds)}: exactly one parse step is needed, and it comes first"
        return
    if kinds.count("split") > 1:
        yield "there are several split steps: at most one is possible"
    if definition.parse.settings.document_password is not None:
        yield (
            "steps[0].parse.settings.document_password does not belong into a definition, where everybody "
            "can read it: send it with each call, as settings.document_password"
        )
    yield from _section_faults(definition)


def _section_faults(definition: PipelineDefinition) -> Iterator[str]:
    sections: set[str] = set()
    for index, step in enumerate(definition.steps):
        if step.split is not None:
            sections |= {category.name for category in step.split.split_description}
        section = step.extract.section if step.extract is not None else None
        if section is not None and section not in sections:
            known = ", ".join(sorted(sections)) or "there is no split step before it"
            yield f"steps[{index}].extract.section is {section!r}, which no split step makes ({known})"


def _told(error: pydantic.ValidationError) -> str:
    """The faults of a validation error, each with its place as it is written in the definition."""
    faults: list[str] = []
    for one in error.errors(include_url=False, include_input=False):
        place = ""
        for part in one["loc"]:
            place += f"[{part}]" if isinstance(part, int) else f".{part}" if place else part
        message = "is not a known key" if one["type"] == "extra_forbidden" else f": {one['msg']}"
        faults.append(f"{place}{message if message.startswith(':') else f' {message}'}")
    return _listed(faults)


def _listed(faults: list[str]) -> str:
    more = f"; and {len(faults) - SHOWN_FAULTS} more" if len(faults) > SHOWN_FAULTS else ""
    return f"The pipeline definition is not valid: {'; '.join(faults[:SHOWN_FAULTS])}{more}."
