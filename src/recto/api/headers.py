"""Headers that every answer has, so that a browser that gets hold of one does nothing with it. An ASGI layer.

A route that says something else about itself (a page for people, a stored object) is left as it is.
"""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ALWAYS = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}
OF_DATA = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-frame-options": "DENY",
}
"""Of answers in JSON, which are no pages; documents' contents stay out of caches."""


class SafeHeaders:
    """The ASGI layer around the application."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, and add what an answer does not say itself."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                of_data = headers.get("content-type", "").startswith("application/json")
                for name, value in (ALWAYS | (OF_DATA if of_data else {})).items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, sending if scope["type"] == "http" else send)
