"""What the model calls of one job cost, and the cap that ends them. Pure bookkeeping: it calls nothing.

A call reserves what it may use before it is made, so that calls made at once cannot pass the cap together; what it did
use is settled afterwards.
"""

from dataclasses import dataclass

from recto.document.extraction import Cost
from recto.inference.port import Usage

LETTERS_PER_TOKEN = 3.0
"""Letters of a text that make a token, for estimates before a call: below what tokenisers give for English (4), so
that an estimate is rather too high. Texts in other scripts are reserved by their bytes, see `estimated_tokens`."""
IMAGE_TOKENS = 1_500
"""Tokens reserved for one picture of a page (a guess: endpoints count from 300 to 2,000)."""
MILLION = 1_000_000


class BudgetSpent(Exception):
    """The job's cap on tokens leaves no room for the next call."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens cost, in the operator's currency; None where it was not said."""

    prompt: float | None = None
    completion: float | None = None

    def of(self, prompt_tokens: int, completion_tokens: int) -> float | None:
        """What so many tokens cost; None without a price.

        >>> Price(2.0, 8.0).of(500_000, 100_000)
        1.8
        """
        if self.prompt is None and self.completion is None:
            return None
        asked = prompt_tokens * (self.prompt or 0.0) + completion_tokens * (self.completion or 0.0)
        return round(asked / MILLION, 6)


class Budget:
    """The account of one job; `cap` is the most tokens, asked and answered together."""

    def __init__(self, cap: int, price: Price | None = None) -> None:
        self._cap = cap
        self._price = price or Price()
        self._reserved = 0
        self._calls = self._prompt = self._completion = 0
        self._counted = True

    @property
    def used(self) -> int:
        """Tokens used so far."""
        return self._prompt + self._completion

    def reserve(self, prompt_tokens: int, answer_tokens: int, least_answer: int) -> int:
        """Set aside a call's tokens; returns how many its answer may have, at most `answer_tokens`.

        Raises BudgetSpent when not even `least_answer` are left for it.
        """
        left = self._cap - self.used - self._reserved - prompt_tokens
        if left < least_answer:
            raise BudgetSpent
        granted = min(answer_tokens, left)
        self._reserved += prompt_tokens + granted
        return granted

    def settle(self, prompt_tokens: int, granted: int, usage: Usage | None) -> None:
        """Give back what was reserved and count what was used; None for a call that got no answer."""
        self._reserved -= prompt_tokens + granted
        self._calls += 1
        if usage is not None:
            self._prompt += usage.prompt_tokens
            self._completion += usage.completion_tokens
            self._counted = self._counted and usage.counted

    def cost(self) -> Cost:
        """What the job's calls cost so far."""
        price = self._price.of(self._prompt, self._completion)
        return Cost(self._calls, self._prompt, self._completion, price, counted=self._counted)


def estimated_tokens(text: str) -> int:
    """A high estimate of a text's tokens.

    >>> estimated_tokens("a" * 30), estimated_tokens("表" * 30)
    (10, 30)
    """
    return round(len(text.encode(errors="replace")) / LETTERS_PER_TOKEN)
