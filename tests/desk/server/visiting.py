"""A desk that is served in this process, and a plain client that says what it is told to say."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from nle_style.desk.server import Keys, serve
from nle_style.desk.session import Desk

__all__ = ["Answer", "Visitor", "served"]


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Visitor:
    """Sends requests to a port of this machine, with the headers that it is given and no others."""

    keys: Keys
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.keys.port}"

    def get(self, path: str, **headers: str | None) -> Answer:
        return self.ask("GET", path, None, headers)

    def post(self, path: str, data: Any = None, **headers: str | None) -> Answer:
        own = {"Content-Type": "application/json", "Origin": self.origin}
        return self.ask("POST", path, json.dumps({} if data is None else data), own | headers)

    def ask(
        self, method: str, path: str, body: str | None, headers: Mapping[str, str | None]
    ) -> Answer:
        """Header names have _ for -; None leaves one out, that of the host too."""
        given = {name.replace("_", "-"): value for name, value in (self.headers | headers).items()}
        line = http.client.HTTPConnection("127.0.0.1", self.keys.port, timeout=60)
        line.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        given.setdefault("Host", f"127.0.0.1:{self.keys.port}")
        if body is not None:
            given.setdefault("Content-Length", str(len(body.encode())))
        for name, value in given.items():
            if value is not None:
                line.putheader(name, value)
        line.endheaders(None if body is None else body.encode())
        answer = line.getresponse()
        found = Answer(answer.status, dict(answer.getheaders()), answer.read())
        line.close()
        return found

    def enter(self) -> Answer:
        """Open the address that the desk prints, and keep the cookie as a browser does."""
        answer = self.get("/" + self.keys.address().split("/", 3)[3])
        self.headers["Cookie"] = answer.headers["set-cookie"].split(";")[0]
        return answer


@contextmanager
def served(desk: Desk) -> Iterator[Visitor]:
    """A visitor to a desk, who has no cookie yet. The desk is closed at the end."""
    stop, ready, found = threading.Event(), threading.Event(), []

    def on_ready(keys: Keys) -> None:
        found.append(keys)
        ready.set()

    thread = threading.Thread(target=serve, args=(desk, stop, on_ready))
    thread.start()
    try:
        assert ready.wait(60)
        yield Visitor(found[0])
    finally:
        stop.set()
        thread.join(60)
