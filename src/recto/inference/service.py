"""What a server that is set up with a model has of it: the client, and how far a job may go. A plain value.

Made by the composition root from the settings; absent where no model is configured.
"""

from dataclasses import dataclass, field
from typing import Literal

from recto.inference.cost import Price
from recto.inference.port import ChatModel


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Bounds of every call: tokens it may take in all and answer with, seconds, and how many run at once."""

    context_tokens: int = 16_000
    answer_tokens: int = 4_000
    timeout_s: float = 120.0
    at_once: int = 4


@dataclass(frozen=True, slots=True)
class ModelService:
    """The model that a worker may ask. `fails` says what becomes of a job whose model gives nothing: "rules" lets
    the rules answer instead, "job" ends it.
    """

    client: ChatModel
    limits: CallLimits = field(default_factory=CallLimits)
    tokens_per_job: int = 500_000
    price: Price = field(default_factory=Price)
    fails: Literal["rules", "job"] = "rules"
