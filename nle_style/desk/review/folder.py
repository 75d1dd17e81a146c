"""The review folder: the page that judges, its movies and stills, opened from a disk by anybody.

There is no server, and nothing is loaded from anywhere else: a page from a disk may neither fetch
nor import, so its script, style and data are inside it, and its media beside it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from nle_style.desk.review.entries import Entry, read_entries, timelines_in_folder
from nle_style.desk.review.page_data import entry_data
from nle_style.desk.review.proxy import proxy_name, proxy_of, still
from nle_style.desk.review.sides import Side
from nle_style.desk.review.verdicts import Verdict, Verdicts, verdicts_path
from nle_style.durable import sweep_parts, write_file
from nle_style.errors import Cancelled, InputError
from nle_style.ownership import SafeWriter

__all__ = ["review_timeline", "write_review"]

_SCRIPTS = ("judge_player.js", "judge_panels.js", "judge.js", "review_folder.js")
_STYLES = ("judge.css", "review_folder.css")
_IMPORT = re.compile(r"^import .*\n", re.MULTILINE)
_OURS = re.compile(r"[0-9a-f]{20}\.(webm|\d+\.(source|painted)\.png)(\.part-\d+)?")
_SIDES: tuple[Side, ...] = ("source", "painted")


def review_timeline(folder: Path, wanted: Path | None = None) -> Path:
    """The timeline that a folder of renders is of.

    Args:
        wanted: its name, where the folder has several.
    Raises: InputError: none was rendered there, or several and none or another is asked for.
    """
    found = timelines_in_folder(folder)
    fitting = [each for each in found if wanted is None or each.name == wanted.name]
    if len({each.name for each in fitting}) == 1:
        return fitting[-1]
    if not found:
        raise InputError(
            "there is no report of a batch",
            where=str(folder),
            remedy="Give the folder that `nle-style batch` rendered into.",
        )
    names = ", ".join(dict.fromkeys(each.name for each in found))
    raise InputError(
        f"it has renders of {names}",
        where=str(folder),
        remedy="Give one of them with --timeline.",
    )


def write_review(
    folder: Path,
    timeline: Path,
    *,
    told: Callable[[int, int, str], None] = lambda done, count, name: None,
    stop: threading.Event | None = None,
) -> tuple[Path, tuple[str, ...]]:
    """Write `folder/review`: index.html, `media/` and `stills/`. It may be moved and sent as it is.

    What is there already of the same frames of the same painting is kept; what belongs to no clip
    any more is removed. A clip whose pictures cannot be made is in the page with the reason.

    Args:
        folder: that batches rendered into.
        timeline: of these batches.
        told: called before each clip with how many are done, how many there are, and its name.
        stop: when it is set, the rest is given up.
    Returns: the page, and what went wrong with single clips, a sentence each.
    Raises:
        InputError: no rendered clip of the timeline is there, all of them failed, or something
            that is not ours has the page's name.
        OutputError: the disk refuses.
        Cancelled: `stop` was set; the clips that are done stay.
    """
    entries = read_entries(folder, timeline)
    if not entries:
        raise InputError(
            f"no rendered clip of {timeline.name} is there",
            where=str(folder),
            remedy="Render it with `nle-style batch`; what was moved away cannot be judged.",
        )
    place, verdicts = folder / "review", Verdicts(verdicts_path(folder, timeline))
    page, writer = place / "index.html", SafeWriter()
    writer.check([page])
    clips, faults, kept = [], [], set()
    for number, entry in enumerate(entries):
        told(number, len(entries), entry.name)
        said = verdicts.of(entry)
        try:
            media = _media(entry, said, place, stop)
        except InputError as error:
            faults.append(f"clip '{entry.name}': {error}")
            entry = replace(entry, notes=(*entry.notes, f"no pictures: {error}"))
            media = {"proxy": f"media/{proxy_name(entry)}", "stills": []}
        kept |= {media["proxy"], *(each[side] for each in media["stills"] for side in _SIDES)}
        identity = {"id": f"c{number}", "clip_id": entry.clip_id, "painting": entry.painting}
        clips.append({**entry_data(entry, said), **identity, **media})
    if len(faults) == len(entries):
        raise InputError(f"no clip can be shown: {faults[0]}", where=str(folder))
    _sweep(place, kept)
    writer.write(page, _page(timeline, clips))
    return page, tuple(faults)


def _media(
    entry: Entry, said: Verdict, place: Path, stop: threading.Event | None
) -> dict[str, Any]:
    """A clip's proxy and stills of its middle and of its note's frame, made if they are not there.

    Returns: their addresses relative to the page.
    """
    proxy = proxy_of(entry, place, stop=stop)
    middle = sum(entry.frames) // 2
    stills = []
    for frame in sorted({middle} if said.frame is None else {middle, said.frame}):
        addresses: dict[str, Any] = {"frame": frame}
        for side in _SIDES:
            if stop is not None and stop.is_set():
                raise Cancelled("the review was given up", where=str(place))
            address = f"stills/{proxy.stem}.{frame}.{side}.png"
            if not (place / address).exists():
                write_file(place / address, still(entry, frame, side))
            addresses[side] = address
        stills.append(addresses)
    return {"proxy": f"media/{proxy.name}", "stills": stills}


def _sweep(place: Path, kept: set[str]) -> None:
    for folder in (place / "media", place / "stills"):
        if not folder.is_dir():
            continue
        sweep_parts(folder)
        for path in folder.iterdir():
            if _OURS.fullmatch(path.name) and f"{folder.name}/{path.name}" not in kept:
                path.unlink()


def _page(timeline: Path, clips: Sequence[dict[str, Any]]) -> str:
    """The page. No name of a clip is markup, and the browser runs no script but the page's own."""
    static = files("nle_style.desk").joinpath("static")
    texts = {name: static.joinpath(name).read_text("utf-8") for name in (*_SCRIPTS, *_STYLES)}
    script = "\n".join(_IMPORT.sub("", texts[name]) for name in _SCRIPTS)
    style = "\n".join(texts[name] for name in _STYLES)
    known = json.dumps([timeline.name, *((c["clip_id"], c["name"]) for c in clips)])
    data = {
        "timeline": timeline.name,
        "id": hashlib.sha256(known.encode()).hexdigest()[:16],
        "clips": clips,
    }
    # In a script block "<" could end it; as an escape it is the same JSON.
    inside = json.dumps(data, ensure_ascii=True).replace("<", "\\u003c")
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        "img-src 'self' file:; media-src 'self' file:; base-uri 'none'; form-action 'none'"
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark">
<title>Review of {escape(timeline.name)}</title>
<style>{style}</style>
</head>
<body>
<header>
<h1>Review of {escape(timeline.name)}</h1>
<p id="kept" role="status"></p>
<button id="save" type="button">Save notes</button>
</header>
<main id="judge"></main>
<noscript>This page needs JavaScript.</noscript>
<script type="application/json" id="review">{inside}</script>
<script type="module">{script}</script>
</body>
</html>
"""


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
