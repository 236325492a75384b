"""Lines and a schema in, what a model says of them out; and the whole of it: documents in, an extraction out.

The flow of the model engine on one screen: plan the questions (groups of fields by windows of lines), ask them
(interview), put the answers together (merge), look again at what does not stand up (deep), and give every value its
words, its verification and its confidence (citing). Runs as async code in the worker, which waits for the network;
reading documents and citing are done in a child process (jobs.asking). The rules' findings are hints and cross-check.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from recto.document.extraction import Extraction, ReadDocument
from recto.document.schema import SchemaField
from recto.inference.cost import Budget, estimated_tokens
from recto.inference.port import ChatModel, Image
from recto.inference.service import CallLimits
from recto.results.extract.addressed import warnings_of_addresses
from recto.results.extract.answers import ModelAnswer, Tree
from recto.results.extract.citing import cited, hints_of
from recto.results.extract.dates import day_first
from recto.results.extract.deep import rechecked
from recto.results.extract.groups import grouped, split_lists
from recto.results.extract.interview import Interview, Pictures, Question
from recto.results.extract.merge import merged, stating
from recto.results.extract.numbered import NumberedLine, ReadLine, read_lines
from recto.results.extract.prompting import Hint, messages_of
from recto.results.extract.windows import WINDOW_PAGES, Window, windows

LEAST_WINDOW_TOKENS = 400
"""Tokens of the document that a call shows at least, however many its fields take."""
MOST_PICTURED_PAGES = 9
"""Pages of a document up to which pictures are shown; contract, section 5.1."""
SHOWN_WINDOWS = 5
SIGN_LINES = 400
"""Lines that are read to tell which country's dates a document has."""
ROOT_LIST = "items"


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """How a model is to go about an extraction."""

    prompt: str = ""
    deep: bool = False
    fast: bool = False
    by_windows: bool = False


@dataclass(frozen=True, slots=True)
class ModelInput:
    """What a model is shown: lines by their numbers, and what the rules found. `warnings` are for people."""

    lines: tuple[NumberedLine, ...]
    hints: tuple[Hint, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelMeans:
    """What a job's model calls are made with."""

    client: ChatModel
    budget: Budget
    limits: CallLimits = field(default_factory=CallLimits)


def model_input(lines: Sequence[ReadLine], rules: Extraction) -> ModelInput:
    """What a model is shown of read lines and of the rules' findings."""
    numbered = tuple(line.numbered for line in lines)
    return ModelInput(numbered, hints_of(rules, lines), warnings_of_addresses(numbered))


async def ask(
    source: ModelInput,
    root: SchemaField,
    request: ModelRequest,
    means: ModelMeans,
    pictures: Pictures | None = None,
) -> ModelAnswer:
    """What the model says of a schema, from as many calls as it takes within the budget.

    Raises what the calls ended with (see inference.port) when not a single one gave an answer.
    """
    lines, whole = source.lines, _rooted(root)
    text_of = _texts(lines)
    role = "fast" if request.fast else "accurate"
    interview = Interview(
        lines,
        means.client,
        means.budget,
        means.limits,
        prompt=request.prompt,
        role=role,
        hints=source.hints,
        pictures=pictures or {},
        day_first=day_first(line.text for line in lines[:SIGN_LINES]),
    )
    states = stating(text_of)

    def plan(fields: SchemaField, again: tuple[str, ...] = ()) -> list[Question]:
        return _questions(fields, source, request, means.limits, again)

    pieces = await interview.ask(plan(whole)) if lines else []
    if interview.faults and not pieces:
        raise interview.faults[0][1]
    answer, rounds = merged(whole, pieces, states), 1
    if request.deep and not request.fast:
        answer, rounds = await rechecked(whole, answer, interview, plan, states)
    complete = not interview.faults and not interview.unasked
    return ModelAnswer(
        root=_unrooted(answer, root),
        model=means.client.name(role),
        rounds=rounds,
        complete=complete,
        warnings=(*source.warnings, *_losses(interview)),
        cost=means.budget.cost(),
    )


async def extract(
    documents: Sequence[ReadDocument],
    root: SchemaField,
    request: ModelRequest,
    means: ModelMeans,
    hints: Extraction,
) -> Extraction:
    """The answer of a model to a schema, in one process; `hints` is that of the rules to the same schema."""
    lines = await asyncio.to_thread(read_lines, documents)
    source = await asyncio.to_thread(model_input, lines, hints)
    answer = await ask(source, root, request, means)
    return await asyncio.to_thread(cited, answer, root, lines, hints, judged=request.deep)


def pictured(pages: Sequence[tuple[int, int]], drawn: Sequence[bytes]) -> Pictures:
    """Drawn pages (PNG) as they are shown, by document and page."""
    return {page: Image(content) for page, content in zip(pages, drawn, strict=True)}


def _questions(
    fields: SchemaField, source: ModelInput, request: ModelRequest, limits: CallLimits, again: tuple[str, ...]
) -> list[Question]:
    """All calls for some fields: lists window by window, values over as much of the document as fits at once."""
    lines = source.lines
    pages = len({(line.document, line.page) for line in lines})
    if pages <= WINDOW_PAGES and not request.by_windows:
        return [
            Question(group, window, again)
            for group in grouped(fields)
            for window in windows(lines, _room(group, source, request, limits, again))
        ]
    values, lists = split_lists(fields)
    found: list[Question] = []
    for some, most in ((values, None), (lists, WINDOW_PAGES)):
        for group in grouped(some) if some is not None else ():
            room = _room(group, source, request, limits, again)
            found += [Question(group, window, again) for window in windows(lines, room, most)]
    return found


def _room(
    group: SchemaField, source: ModelInput, request: ModelRequest, limits: CallLimits, again: tuple[str, ...]
) -> int:
    """Tokens that are left for the document beside everything else that a call holds."""
    nothing = messages_of(
        group, source.lines, Window(1, 1), prompt=request.prompt, hints=source.hints, again=again
    )
    taken = sum(estimated_tokens(message.text) for message in nothing) + limits.answer_tokens
    return max(LEAST_WINDOW_TOKENS, limits.context_tokens - taken)


def _losses(interview: Interview) -> list[str]:
    """Sentences for calls that came to nothing."""
    told: list[str] = []
    for window, error in interview.faults[:SHOWN_WINDOWS]:
        told.append(
            f"The model gave no answer for {_pages(interview.lines, window)} ({error.name}): {error.message}"
        )
    if len(interview.faults) > SHOWN_WINDOWS:
        told.append(f"The model gave no answer to {len(interview.faults) - SHOWN_WINDOWS} more calls.")
    if interview.unasked:
        pages = ", ".join(dict.fromkeys(_pages(interview.lines, window) for window in interview.unasked))
        told.append(
            f"The job's cap on tokens (RECTO_MODEL_TOKENS_PER_JOB) was reached: the model was not asked about {pages}"
            " for all fields; what is missing there was taken from the rules, or is null."
        )
    if interview.cut is not None:
        letters, counted = interview.cut
        told.append(
            f"The model's endpoint counted {counted:,} tokens in a question of {letters:,} letters: it seems to cut"
            " long questions. Give it as much context as RECTO_MODEL_CONTEXT_TOKENS says, or lower that."
        )
    return told


def _pages(lines: Sequence[NumberedLine], window: Window) -> str:
    first, last = lines[window.first - 1], lines[window.last - 1]
    pages = f"page {first.page}" if first.page == last.page else f"pages {first.page} to {last.page}"
    return f"{pages} of document {first.document + 1}" if lines[-1].document else pages


def _texts(lines: Sequence[NumberedLine]):  # noqa: ANN202 - a closure over the lines, see places.TextOf
    def text_of(number: int) -> str:
        return lines[number - 1].text if 1 <= number <= len(lines) else ""

    return text_of


def _rooted(root: SchemaField) -> SchemaField:
    """A schema whose root is an object, as answers need it."""
    if root.type != "array":
        return root
    return SchemaField("", "", "object", properties=(replace(root, name=ROOT_LIST),))


def _unrooted(answer: dict[str, Tree], root: SchemaField) -> Tree:
    return answer.get(ROOT_LIST, []) if root.type == "array" else answer
