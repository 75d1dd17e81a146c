"""Serve a desk to the browsers of this machine until it is told to stop."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable

import uvicorn

from nle_style.desk.server.app import make_app
from nle_style.desk.server.hub import Hub
from nle_style.desk.server.locked import Keys, Locked
from nle_style.desk.session import Desk
from nle_style.errors import InputError

__all__ = ["serve"]

_LOOK_UP = 0.5  # seconds
_LONGEST_START = 30.0
_MOST_AT_ONCE = 128  # requests; a browser keeps to six a page


def serve(
    desk: Desk, stop: threading.Event, ready: Callable[[Keys], None], *, port: int = 0
) -> None:
    """Serve it at 127.0.0.1, and nowhere else.

    Args:
        desk: it is closed at the end.
        stop: set to stop.
        ready: called with the keys, which give the address, once a browser may come.
        port: 0 for any that is free.

    Raises: InputError if the port is taken.
    """
    listening = _listening(port)
    keys = Keys(listening.getsockname()[1])
    hub = Hub()
    config = uvicorn.Config(
        Locked(make_app(desk, hub), keys),
        http="h11",
        ws="none",
        lifespan="off",
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        limit_concurrency=_MOST_AT_ONCE,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    # Not in the main thread, whose signals it would take.
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listening]}, name="nle-style server", daemon=True
    )
    thread.start()
    try:
        begun = time.monotonic()
        while (
            not server.started and thread.is_alive() and time.monotonic() - begun < _LONGEST_START
        ):
            time.sleep(0.01)
        ready(keys)
        # A signal that another thread got, and any on Windows, is handled when this one wakes up.
        while not stop.wait(_LOOK_UP):
            pass
    finally:
        hub.close()
        server.should_exit = True
        thread.join(timeout=10)
        desk.close()
        listening.close()


def _listening(port: int) -> socket.socket:
    """A socket on the loopback interface alone.

    Raises: InputError if the port is taken.
    """
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name == "posix":
        # A desk that is started anew finds connections of the one before in TIME_WAIT. (Windows has
        # another meaning for it, and lets the port be taken at once without it.)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind(("127.0.0.1", port))
    except OSError as error:
        made.close()
        raise InputError(
            f"port {port} is taken ({error.strerror})",
            where="--port",
            remedy="Leave it out for any that is free.",
        ) from error
    return made
