"""The desk over HTTP: routes to `Desk`, and nothing of their own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from nle_style.apply import parse_styles
from nle_style.desk.server.hub import Hub
from nle_style.desk.session import HEIGHTS, Desk, Wish
from nle_style.errors import InputError, NleStyleError

__all__ = ["make_app"]

_KINDS = {".css": "text/css", ".html": "text/html", ".js": "text/javascript"}
_LOOK = 0.2  # seconds between two looks at whether a browser still waits
# What has its painting's hash in its address. A shot's number may be another cut's tomorrow.
_KEEP = {"Cache-Control": "private, max-age=86400, immutable"}
_CLOSED = 499  # nobody reads this answer


def make_app(desk: Desk, hub: Hub) -> Starlette:
    """The application; who may use it is decided before it, see `locked`.

    Args:
        desk: that is served.
        hub: of its events.
    """
    return _Routes(desk, hub).app()


class _Routes:
    def __init__(self, desk: Desk, hub: Hub) -> None:
        self._desk, self._hub = desk, hub
        # Read once: no path of a request ever becomes a path of the disk.
        self._static = _static_files()
        desk.on_event = hub.tell

    def app(self) -> Starlette:
        get = {
            "/": self._page,
            "/static/{name}": self._static_file,
            "/static/{folder}/{name}": self._static_file,
            "/api/project": self._project,
            "/api/shots/{shot}/styles": self._styles,
            "/api/plan": self._plan,
            "/api/events": self._events,
            "/api/export/notes.csv": self._notes,
            "/media/proxy/{shot}": self._proxy,
            "/media/still/{shot}/{number:int}/{side}": self._still,
            "/media/frame/{shot}/{number:int}": self._frame,
            "/media/painted/{shot}/{number:int}": self._painted,
        }
        post = {
            "/api/looks": self._choose,
            "/api/undo": self._undo,
            "/api/redo": self._redo,
            "/api/render": self._render,
            "/api/cancel": self._cancel,
            "/api/verdict": self._verdict,
            "/api/export/markers": self._markers,
        }
        routes = [Route(path, _told(end), methods=["GET"]) for path, end in get.items()]
        routes += [Route(path, _told(end), methods=["POST"]) for path, end in post.items()]
        return Starlette(routes=routes)

    # The page

    async def _page(self, request: Request) -> Response:
        return self._file("index.html")

    async def _static_file(self, request: Request) -> Response:
        folder = request.path_params.get("folder")
        name = request.path_params["name"]
        return self._file(name if folder is None else f"{folder}/{name}")

    def _file(self, name: str) -> Response:
        if name not in self._static:
            return Response(status_code=404)
        return Response(self._static[name], media_type=_KINDS[Path(name).suffix])

    async def _events(self, request: Request) -> Response:
        return StreamingResponse(self._hub.listen(), media_type="text/event-stream")

    # What is chosen

    async def _project(self, request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(self._desk.project))

    async def _styles(self, request: Request) -> Response:
        styles = await run_in_threadpool(self._desk.likely_styles, request.path_params["shot"])
        return JSONResponse({"styles": styles})

    async def _choose(self, request: Request) -> Response:
        data = await _body(request)
        shots, look = data.get("shots"), data.get("look")
        texts = isinstance(shots, list) and all(isinstance(shot, str) for shot in shots)
        if not texts or not (look is None or isinstance(look, dict)):
            raise InputError("that is no choice", remedy="It has shots, and a look or null.")
        return JSONResponse(await run_in_threadpool(self._desk.choose, shots or [], look))

    async def _undo(self, request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(self._desk.undo))

    async def _redo(self, request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(self._desk.redo))

    # Rendering

    async def _plan(self, request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(self._desk.plan))

    async def _render(self, request: Request) -> Response:
        await run_in_threadpool(self._desk.render)
        return JSONResponse({"ok": True})

    async def _cancel(self, request: Request) -> Response:
        self._desk.cancel()
        return JSONResponse({"ok": True})

    # Judging

    async def _verdict(self, request: Request) -> Response:
        data = await _body(request)
        said = data.get("verdict"), data.get("note", ""), data.get("frame")
        shot = str(data.get("shot"))
        return JSONResponse(await run_in_threadpool(self._desk.judge, shot, *said))

    async def _notes(self, request: Request) -> Response:
        text = await run_in_threadpool(self._desk.notes_csv)
        disposition = 'attachment; filename="notes.csv"'
        return Response(text, media_type="text/csv", headers={"Content-Disposition": disposition})

    async def _markers(self, request: Request) -> Response:
        path = await run_in_threadpool(self._desk.write_markers)
        return JSONResponse({"path": str(path)})

    # Pictures

    async def _frame(self, request: Request) -> Response:
        shot = self._desk.shot(request.path_params["shot"])
        number, height = request.path_params["number"], _height(request)
        return await _jpeg(request, self._desk.pictures.frame(shot, number, height))

    async def _painted(self, request: Request) -> Response:
        shot, asked = self._desk.shot(request.path_params["shot"]), request.query_params
        scale, colour = asked.get("stroke_scale", "1"), asked.get("colour", "poster")
        try:
            stroke_scale = float(scale)
        except ValueError:
            raise InputError(f"stroke scale '{scale}' is not a number") from None
        wish = self._desk.pictures.painted(
            shot,
            request.path_params["number"],
            _height(request),
            parse_styles(asked.get("styles", "")),
            stroke_scale,
            colour,  # type: ignore[arg-type]  # checked by the look
        )
        return await _jpeg(request, wish)

    async def _proxy(self, request: Request) -> Response:
        path = await run_in_threadpool(self._desk.proxy, request.path_params["shot"])
        return FileResponse(path, media_type="video/webm", headers=_KEEP)

    async def _still(self, request: Request) -> Response:
        params = request.path_params
        asked = params["shot"], params["number"], params["side"]
        data = await run_in_threadpool(self._desk.still, *asked)
        return Response(data, media_type="image/png", headers=_KEEP)


def _static_files() -> dict[str, bytes]:
    root = files("nle_style.desk") / "static"
    found: dict[str, bytes] = {}
    for entry in root.iterdir():
        if entry.is_dir():
            found |= {f"{entry.name}/{each.name}": each.read_bytes() for each in entry.iterdir()
                      if Path(each.name).suffix in _KINDS}  # fmt: skip
        elif Path(entry.name).suffix in _KINDS:
            found[entry.name] = entry.read_bytes()
    return found


_Endpoint = Callable[[Request], Awaitable[Response]]


def _told(endpoint: _Endpoint) -> _Endpoint:
    """The endpoint, with our errors as JSON in the words of the command line."""

    async def told(request: Request) -> Response:
        try:
            return await endpoint(request)
        except NleStyleError as error:
            return JSONResponse({"error": str(error)}, 400)

    return told


async def _body(request: Request) -> Mapping[str, Any]:
    try:
        data = json.loads(await request.body())
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise InputError("the request is no JSON object")
    return data


def _height(request: Request) -> int:
    asked = request.query_params.get("h", "")
    if asked not in map(str, HEIGHTS):
        raise InputError(f"no pictures of {asked or 'that'} pixels", remedy=f"h is of {HEIGHTS}.")
    return int(asked)


async def _jpeg(request: Request, wish: Wish) -> Response:
    """The picture, unless the browser stops waiting for it: then it is not made any more."""
    waiting = asyncio.wrap_future(wish)
    while not (await asyncio.wait({waiting}, timeout=_LOOK))[0]:
        if await request.is_disconnected():
            wish.cancel()
            return Response(status_code=_CLOSED)
    if waiting.cancelled():
        return Response(status_code=_CLOSED)
    return Response(await waiting, media_type="image/jpeg")
