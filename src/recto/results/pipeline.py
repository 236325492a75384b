"""What a pipeline does next. Pure: a definition, the inputs and the children's states in, the next children or
the end out. The job layer calls it again after every change, so it may be asked the same thing many times.

This version runs parse steps: one parse per input document, all at the same time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Outcome = Literal["open", "Completed", "Failed", "Cancelled"]


@dataclass(frozen=True, slots=True)
class ChildJob:
    """A child to be made: its place among the children, its step and the document it is given."""

    position: int
    step: str
    reference: str
    options: Mapping[str, Any]


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
    """Decide the next move of a pipeline whose steps are `[{"parse": options}]`.

    A failed child ends the pipeline at once: its document has no result, so the pipeline has none.
    """
    for child in children:
        if child.outcome in {"Failed", "Cancelled"}:
            return Next(ends=True, failed_child=child.position)
    made = {child.position for child in children}
    options = steps[0]["parse"]
    missing = tuple(
        ChildJob(position, "parse", reference, options)
        for position, reference in enumerate(references)
        if position not in made
    )
    if missing:
        return Next(make=missing)
    return Next(ends=all(child.outcome == "Completed" for child in children))
