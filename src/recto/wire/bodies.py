"""A JSON body in, the request it means out: the one door for parse, extract and pipeline calls.

Tells the older generation of bodies from the present one, a background call from one that waits, and collects
what will be ignored. Raises pydantic.ValidationError for every body that is refused; `problems` makes the
answer. It never looks a document or a pipeline up.
"""

from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar, cast

from recto.document.options import ExtractOptions, ParseOptions
from recto.intake.reference import is_job
from recto.wire.asynchronous import AsyncConfig, QueuePriority
from recto.wire.extract import AsyncExtractConfig, SyncExtractConfig, to_options
from recto.wire.inputs import references
from recto.wire.model import warnings_of
from recto.wire.parse import AsyncParseConfig, SyncParseConfig, group_values
from recto.wire.parse_options import ParseOptions as Groups
from recto.wire.pipeline import V3AsyncPipelineConfig, V3PipelineConfig
from recto.wire.problems import rejected
from recto.wire.v2 import (
    AsyncParseConfigNew,
    AsyncPipelineConfig,
    ParseConfigNew,
    PipelineConfig,
    is_old,
    parse_today,
    pipeline_today,
)
from recto.wire.v2_extract import AsyncExtractConfigNew, ExtractConfigNew, extract_today, is_old_extract

Config = TypeVar("Config", SyncParseConfig, SyncExtractConfig, V3PipelineConfig)


@dataclass(frozen=True, slots=True)
class Request(Generic[Config]):
    """A request as it is carried out.

    `background` is None for a call that waits for its result. `priority` is what was asked for, not what is
    granted; `queue` is auto wherever a queue cannot be chosen. `warnings` are sentences for the user about
    the body as a whole; those of the option groups come from `to_options`.
    """

    config: Config
    background: AsyncConfig | None
    priority: bool
    queue: QueuePriority
    warnings: tuple[str, ...]


def _without_null_async(given: dict[str, Any]) -> dict[str, Any]:
    """The body without an `async` of null, which asks for as much as none."""
    if given.get("async", ...) is not None:
        return given
    return {key: value for key, value in given.items() if key != "async"}


def read_parse(body: object, *, background: bool) -> Request[SyncParseConfig]:
    """The parse request of a JSON body.

    `background` is True for /parse_async; on /parse it is the body that decides, by an `async` object.
    """
    given = _object(body)
    if is_old(given):
        older = (AsyncParseConfigNew if background else ParseConfigNew).model_validate(given)
        config, priority, warnings = parse_today(older)
        warnings = (*warnings_of(older), *warnings)
    else:
        given = _without_null_async(given)
        is_async = background or isinstance(given.get("async"), dict)
        model = AsyncParseConfig if is_async or "async" in given else SyncParseConfig
        config = model.model_validate(given)
        priority, warnings = False, ()
    _one_document(config)
    asynchronous = config.async_ if isinstance(config, AsyncParseConfig) else None
    return Request(
        config=config,
        background=asynchronous,
        priority=asynchronous.priority if asynchronous else priority,
        queue=config.queue_priority
        if isinstance(config, AsyncParseConfig) and background
        else QueuePriority.AUTO,
        warnings=warnings,
    )


def read_pipeline(body: object, *, background: bool) -> Request[V3PipelineConfig]:
    """The pipeline request of a JSON body; `background` is True for /pipeline_async.

    On /pipeline an `async` object is ignored, with a warning.
    """
    given = _object(body)
    warnings: tuple[str, ...] = ()
    if is_old(given):
        older = (AsyncPipelineConfig if background else PipelineConfig).model_validate(given)
        config, warnings = pipeline_today(older), warnings_of(older)
    else:
        given = _without_null_async(given)
        config = (V3AsyncPipelineConfig if background else V3PipelineConfig).model_validate(given)
        warnings = warnings_of(config)
    asynchronous = config.async_ if isinstance(config, V3AsyncPipelineConfig) else None
    return Request(
        config=config,
        background=asynchronous,
        priority=asynchronous.priority if asynchronous else False,
        queue=QueuePriority.AUTO,
        warnings=warnings,
    )


@dataclass(frozen=True, slots=True)
class ExtractRequest(Request[SyncExtractConfig]):
    """An extract request, and what it means: of which generation it was is among the options."""

    options: ExtractOptions
    parsing: ParseOptions
    password: str | None


def read_extract(body: object, *, background: bool) -> ExtractRequest:
    """The extract request of a JSON body; `background` as in `read_parse`.

    Raises InvalidSchema and InvalidConfig as well, for what `to_options` refuses.
    """
    given = _object(body)
    older = is_old_extract(given)
    if older:
        old = (AsyncExtractConfigNew if background else ExtractConfigNew).model_validate(given)
        config, priority, warnings = extract_today(old)
        warnings = (*warnings_of(old), *warnings)
    else:
        given = _without_null_async(given)
        is_async = background or isinstance(given.get("async"), dict)
        model = AsyncExtractConfig if is_async or "async" in given else SyncExtractConfig
        config = model.model_validate(given)
        priority, warnings = False, ()
    options, parsing, password, ignored = to_options(config)
    asynchronous = config.async_ if isinstance(config, AsyncExtractConfig) else None
    return ExtractRequest(
        config=config,
        background=asynchronous,
        priority=asynchronous.priority if asynchronous else priority,
        queue=config.queue_priority
        if isinstance(config, AsyncExtractConfig) and background
        else QueuePriority.AUTO,
        # The older generation's own warnings say the same of the older names.
        warnings=warnings if older else (*ignored, *_parsed_already(config)),
        options=replace(options, form="v2" if older else "v3"),
        parsing=parsing,
        password=password,
    )


def _parsed_already(config: SyncExtractConfig) -> tuple[str, ...]:
    documents = references(config.input)
    if group_values(config.parsing) == group_values(Groups()) or not all(map(is_job, documents)):
        return ()
    return ("parsing was ignored: what jobid:// names is parsed already. Give the document itself instead.",)


def _object(body: object) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise rejected("Request", "json_object", "the body must be a JSON object", (), body)
    return cast("dict[str, Any]", body)


def _one_document(config: SyncParseConfig) -> None:
    if isinstance(config.input, list) and len(config.input) != 1:
        raise rejected(
            "Request",
            "one_document",
            f"a parse reads one document, and {len(config.input)} were given: make one call for each, "
            "or use a pipeline",
            ("input",),
            config.input,
        )
