"""The calls of one job: fields and a window in, what the model said of them out, whatever happens on the way.

Every call is within the job's budget. An answer that is no JSON is asked for once more; one that is cut off, or a
window that is too long, is asked for in two halves. A call that fails does not end the others, but its pages and its
fault are kept; after a fault of the endpoint itself nothing more is asked. It believes nothing of what it is told.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from recto.document.schema import SchemaField
from recto.errors import (
    ContextWindowExceeded,
    ModelMisconfigured,
    ModelRefused,
    ModelTimedOut,
    ModelUnavailable,
    OutputLimitExceeded,
    OutputNotUnderstood,
    RectoError,
)
from recto.inference.cost import IMAGE_TOKENS, Budget, BudgetSpent, estimated_tokens
from recto.inference.port import Answer, ChatModel, Image, Limits, Message, Role, Usage
from recto.inference.service import CallLimits
from recto.results.extract.groups import halved, has_lists
from recto.results.extract.merge import Piece
from recto.results.extract.numbered import NumberedLine
from recto.results.extract.prompting import Hint, correction, messages_of
from recto.results.extract.repair import NotJson, json_in
from recto.results.extract.shape import AnswerReader, answer_schema
from recto.results.extract.windows import SMALLEST_LINES, Window

LEAST_ANSWER_TOKENS = 64
"""Tokens without which an answer is not asked for."""
REFUSAL_LETTERS = 200
CUT_LETTERS, MOST_LETTERS_PER_TOKEN = 4_000, 8
"""Letters of a question from which its count is looked at, and letters that a token has at most on average: in any
language and with any tokeniser fewer than twice the usual four."""

ENDPOINT_FAULTS = (ModelUnavailable, ModelMisconfigured, ModelTimedOut)
"""Errors after which other calls would end alike."""

Pictures = Mapping[tuple[int, int], Image]
"""Pictures of pages, by document (from 0) and page (from 1)."""


@dataclass(frozen=True, slots=True)
class Question:
    """One call: fields, window, and what was wrong with the values before, in words."""

    group: SchemaField
    window: Window
    again: tuple[str, ...] = ()


@dataclass
class Interview:
    """One job's conversation with a model. `faults` are calls that came to nothing: the window, and why.

    `unasked` are windows for which the budget left nothing; `cut` are the letters of a question and the tokens that
    the endpoint counted of it, where these are far too few.
    """

    lines: Sequence[NumberedLine]
    client: ChatModel
    budget: Budget
    limits: CallLimits
    prompt: str = ""
    role: Role = "accurate"
    hints: Sequence[Hint] = ()
    pictures: Pictures = field(default_factory=dict[tuple[int, int], Image])
    day_first: bool = True
    faults: list[tuple[Window, RectoError]] = field(default_factory=list[tuple[Window, RectoError]])
    unasked: list[Window] = field(default_factory=list[Window])
    cut: tuple[int, int] | None = None
    _given_up: RectoError | None = None

    async def ask(self, questions: Sequence[Question]) -> list[Piece]:
        """The answers to all questions that were answered, in their order; never raises but when cancelled."""
        slots = asyncio.Semaphore(self.limits.at_once)

        async def one(question: Question) -> list[Piece]:
            async with slots:
                return await self._answered(question)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(question)) for question in questions]
        return [piece for task in tasks for piece in task.result()]

    async def _answered(self, question: Question) -> list[Piece]:
        if self._given_up is not None:
            self.faults.append((question.window, self._given_up))
            return []
        try:
            return [await self._one(question)]
        except BudgetSpent:
            self.unasked.append(question.window)
        except (OutputLimitExceeded, ContextWindowExceeded) as error:
            smaller = _smaller(question, error)
            if smaller:
                return [piece for inner in smaller for piece in await self._answered(inner)]
            self.faults.append((question.window, error))
        except RectoError as error:
            self.faults.append((question.window, error))
            if isinstance(error, ENDPOINT_FAULTS):
                self._given_up = error
        return []

    async def _one(self, question: Question) -> Piece:
        window = question.window
        messages = messages_of(
            question.group,
            self.lines,
            window,
            prompt=self.prompt,
            hints=self.hints,
            again=question.again,
        )
        images = self._images(window)
        answer = await self._chat(messages, question.group, images)
        reader = AnswerReader(window.first, window.last, day_first=self.day_first)
        try:
            return Piece(question.group, window, reader.read(_value_in(answer), question.group))
        except NotJson as fault:
            again = correction(messages, answer.text, str(fault))
        answer = await self._chat(again, question.group, images)
        try:
            return Piece(question.group, window, reader.read(_value_in(answer), question.group))
        except NotJson as fault:
            raise OutputNotUnderstood(
                f"The model's answer could not be used, asked twice: {fault}."
            ) from fault

    async def _chat(self, messages: Sequence[Message], group: SchemaField, images: Sequence[Image]) -> Answer:
        """One call within the budget; raises BudgetSpent before it would pass it."""
        asked = sum(estimated_tokens(message.text) for message in messages) + IMAGE_TOKENS * len(images)
        granted = self.budget.reserve(asked, self.limits.answer_tokens, LEAST_ANSWER_TOKENS)
        usage = None
        try:
            limits = Limits(granted, self.limits.timeout_s)
            answer = await self.client.chat(messages, answer_schema(group), images, limits, self.role)
            usage = answer.usage
        except ModelTimedOut:
            usage = Usage(asked, counted=False)  # it has read the question, whatever became of the answer
            raise
        finally:
            self.budget.settle(asked, granted, usage)
        self._look_at_count(messages, answer)
        if answer.finish == "refused":
            said = " ".join(answer.text.split())[:REFUSAL_LETTERS]
            raise ModelRefused(f"The model declined to answer: {said or 'it gave no reason'}.")
        if answer.finish == "length":
            if granted < self.limits.answer_tokens:
                raise BudgetSpent
            raise OutputLimitExceeded(
                f"The model's answer was cut off after {granted:,} tokens (RECTO_MODEL_ANSWER_TOKENS): ask for fewer"
                " fields or fewer pages."
            )
        return answer

    def _look_at_count(self, messages: Sequence[Message], answer: Answer) -> None:
        """Notice an endpoint that cuts questions without a word: it counts fewer tokens than there can be."""
        letters = sum(len(message.text) for message in messages)
        counted = answer.usage.prompt_tokens
        if answer.usage.counted and letters > CUT_LETTERS and counted * MOST_LETTERS_PER_TOKEN < letters:
            self.cut = (letters, counted)

    def _images(self, window: Window) -> list[Image]:
        some = self.lines[window.first - 1 : window.last]
        pages = dict.fromkeys((line.document, line.page) for line in some)
        return [self.pictures[page] for page in pages if page in self.pictures]


def _value_in(answer: Answer) -> object:
    """The JSON value of an answer; raises NotJson, for one without an end too: its last value may be cut."""
    mended = json_in(answer.text)
    if not mended.whole:
        raise NotJson("it has no end: brackets or quotation marks are not closed")
    return mended.value


def _smaller(question: Question, error: RectoError) -> list[Question]:
    """A question in halves: the window where lists or the document are too long, else the fields; none at the end."""
    long_window = question.window.size >= 2 * SMALLEST_LINES
    by_window = long_window and (has_lists(question.group) or isinstance(error, ContextWindowExceeded))
    groups = halved(question.group)
    if not by_window and len(groups) > 1:
        return [Question(group, question.window, question.again) for group in groups]
    if long_window:
        return [Question(question.group, half, question.again) for half in question.window.halves()]
    return []
