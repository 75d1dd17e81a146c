"""The lock of the desk: only pages of this server, in a browser that was given its address, get in.

Other pages in the same browser can send requests to any address of this machine, and a name that
first leads to them and then to 127.0.0.1 (DNS rebinding) even lets them read the answers. So the
host that is asked for must be this server's own, a request must come from its own page, and there
must be the cookie that the one-time token of the printed address was exchanged for. Sources: OWASP,
"Cross-Site Request Forgery Prevention"; W3C, "Fetch Metadata Request Headers"; Jupyter Server,
"Security".
"""

from __future__ import annotations

import hmac
import secrets
import threading
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["MOST_BODY", "Keys", "Locked"]

MOST_BODY = 256 * 1024
"""Bytes of a request's body."""

_DAYS = 30  # the cookie outlives the browser, and not the server, whose secret it is
_TOO_LARGE, _FORBIDDEN, _MISDIRECTED = 413, 403, 421
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:;"
        " media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Keys:
    """The secrets of one server.

    Attributes:
        port: that it listens on, at 127.0.0.1.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self._cookie = secrets.token_urlsafe(32)
        self._token: str | None = None
        self._lock = threading.Lock()

    def address(self) -> str:
        """An address that opens the desk in one browser, once; the one before it is void."""
        with self._lock:
            self._token = secrets.token_urlsafe(32)
            return f"http://127.0.0.1:{self.port}/?token={self._token}"

    @property
    def hosts(self) -> tuple[str, ...]:
        """What a browser calls this server."""
        return f"127.0.0.1:{self.port}", f"localhost:{self.port}"

    def exchange(self, token: str) -> str | None:
        """The cookie's header for a token; None for a wrong or a spent one."""
        with self._lock:
            if self._token is None or not _same(token, self._token):
                return None
            self._token = None
        # Cookies do not know ports: two desks at once need two names.
        attributes = f"HttpOnly; SameSite=Strict; Path=/; Max-Age={_DAYS * 86400}"
        return f"{self._name}={self._cookie}; {attributes}"

    def admits(self, cookies: str) -> bool:
        """Whether a request's cookies hold this server's."""
        try:
            found = SimpleCookie(cookies).get(self._name)
        except CookieError:
            return False
        return found is not None and _same(found.value, self._cookie)

    @property
    def _name(self) -> str:
        return f"nle_style_desk_{self.port}"


class Locked:
    """Lets requests through to an application that may come in, and answers the others itself.

    Args:
        app: the application.
        keys: of the server.
    """

    def __init__(self, app: ASGIApp, keys: Keys) -> None:
        self._app, self._keys = app, keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return  # no lifespan and no websockets are served

        async def send_locked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send_locked)
            return
        await self._app(scope, _bounded(receive), send_locked)

    def _refusal(self, scope: Scope) -> Response | None:
        """What is answered in the application's place; None lets the request through."""
        headers, method = Headers(scope=scope), scope["method"]
        host = headers.getlist("host")
        if len(host) != 1 or host[0].lower() not in self._keys.hosts:
            return PlainTextResponse("This is not the desk's address.", _MISDIRECTED)
        own = f"http://{host[0].lower()}"
        if any(origin.lower() != own for origin in headers.getlist("origin")):
            return PlainTextResponse("Another page asks for this.", _FORBIDDEN)
        site = headers.get("sec-fetch-site", "same-origin")
        opened = scope["path"] == "/" and method == "GET"
        if site not in (("same-origin", "none") if opened else ("same-origin",)):
            return PlainTextResponse("Another page asks for this.", _FORBIDDEN)
        if method not in ("GET", "HEAD"):
            if "origin" not in headers:
                return PlainTextResponse("No page asks for this.", _FORBIDDEN)
            if headers.get("content-type", "").split(";")[0].strip() != "application/json":
                return PlainTextResponse("The body is not JSON.", 415)
            if not _fits(headers.get("content-length")):
                return PlainTextResponse("The body is too large.", _TOO_LARGE)
        if opened and (token := parse_qs(scope["query_string"].decode("latin-1")).get("token")):
            cookie = self._keys.exchange(token[0])
            if cookie is not None:
                # The token leaves the address bar and the history with it.
                return RedirectResponse("/", 303, {"Set-Cookie": cookie})
        if not self._keys.admits(headers.get("cookie", "")):
            return PlainTextResponse(
                "This desk is locked. Open the address that nle-style desk printed; it opens one"
                " browser, once. Press Enter there for another one.",
                _FORBIDDEN,
            )
        return None


def _fits(length: str | None) -> bool:
    return length is not None and length.isdecimal() and int(length) <= MOST_BODY


def _bounded(receive: Receive) -> Receive:
    """What a client sends, but no more than `MOST_BODY` of it: then it counts as gone."""
    left = MOST_BODY

    async def bounded() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        return message if left >= 0 else {"type": "http.disconnect"}

    return bounded


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())
