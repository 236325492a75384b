"""What a model is to the rest of the program: messages in, one text and what it cost out.

Stands above its adapters (openai_compatible) and below those who ask (results.extract.model). Knows no document and no
schema of an extraction; holds no default address, and nothing here loads a client.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Role = Literal["fast", "accurate"]
"""Which of the two models that an operator may name is asked."""

Speaker = Literal["system", "user", "assistant"]
Finish = Literal["stop", "length", "refused"]
"""Why an answer ended: it is whole, it reached the limit of tokens, or the model (or its filter) declined."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    speaker: Speaker
    text: str


@dataclass(frozen=True, slots=True)
class Image:
    """A picture that goes with the last message: its bytes and media type."""

    content: bytes
    mime: str = "image/png"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one call: tokens of the answer, and seconds with all its retries."""

    answer_tokens: int
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call; `counted` is False where the endpoint told none and they are estimated."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model said."""

    text: str
    usage: Usage
    finish: Finish = "stop"


class ChatModel(Protocol):
    """A model that answers a conversation, preferably in the form of a JSON schema."""

    def name(self, role: Role) -> str:
        """The model's name, for the account of a result."""
        ...

    @property
    def sees(self) -> bool:
        """Whether it can be shown pictures."""
        ...

    async def chat(
        self,
        messages: Sequence[Message],
        schema: Mapping[str, Any] | None,
        images: Sequence[Image],
        limits: Limits,
        role: Role = "accurate",
    ) -> Answer:
        """One answer to the conversation. Pictures go with its last message.

        Raises:
            ModelUnavailable: it cannot be reached, or fails for the moment. ModelTimedOut: it took too long.
            ModelMisconfigured: it does not know the key, the model's name or the request.
            ContextWindowExceeded: the conversation is too long for it.
            OutputLimitExceeded: the answer has more bytes than are read.
        """
        ...

    async def close(self) -> None:
        """Let its connections go."""
        ...
