"""What a pipeline does next. Pure: a definition, the inputs and the children's states in, the next children or
the end out. The job layer calls it again after every change, so it may be asked the same thing many times.

The first step parses every input document, all at the same time; each step after it is one child that reads all
of them. Children are numbered: the documents first, in their order, then the steps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Outcome = Literal["open", "Completed", "Failed", "Cancelled"]


@dataclass(frozen=True, slots=True)
class ChildJob:
    """A child to be made: its place among the children, its step and what it is given.

    A parse is given the document `reference`; a later step `reads` the results of other children, by their place.
    """

    position: int
    step: str
    reference: str
    options: Mapping[str, Any]
    reads: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ChildState:
    """How a child stands."""

    position: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Next:
    """The pipeline's next move: children to make, or its end (`failed_child` names who brought it down)."""

    make: tuple[ChildJob, ...] = ()
    ends: bool = False
    failed_child: int | None = None


def next_move(
    steps: Sequence[Mapping[str, Any]], references: Sequence[str], children: Sequence[ChildState]
) -> Next:
    """Decide the next move of a pipeline whose steps are `[{"parse": options}, {"extract": options}, ...]`.

    A failed child ends the pipeline at once: its document, or its step, has no result, so the pipeline has none.
    """
    for child in children:
        if child.outcome in {"Failed", "Cancelled"}:
            return Next(ends=True, failed_child=child.position)
    outcomes = {child.position: child.outcome for child in children}
    missing = tuple(
        ChildJob(position, "parse", reference, steps[0]["parse"])
        for position, reference in enumerate(references)
        if position not in outcomes
    )
    if missing:
        return Next(make=missing)
    documents = tuple(range(len(references)))
    if any(outcomes[position] != "Completed" for position in documents):
        return Next()
    for position, step in enumerate(steps[1:], start=len(references)):
        if position not in outcomes:
            ((kind, options),) = step.items()
            return Next(make=(ChildJob(position, kind, "", options, reads=documents),))
        if outcomes[position] != "Completed":
            return Next()
    return Next(ends=True)
