"""One render in three steps: prepare (main thread), run the worker (any thread), finish (main)."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable

import nuke

from ..installation import find_installation
from ..node import DEPTH_FLOAT, Settings, file_stem, read_settings, wanted_range, wanted_views
from ..problems import Cancelled, Problem
from ..upstream import FrameCache, Wanted, write_upstream
from ..worker_client import client
from .prepared import Prepared, write_job
from .progress import Progress
from .read_back import make_read, reconnect, sequence_of
from .versions import Result, choose_version, note_result, read_result

__all__ = ["finish", "prepare", "render_node", "run_worker"]


def prepare(
    node: nuke.Node,
    step: Callable[[str], None],
    frames: tuple[int, int] | None = None,
    views: Sequence[str] | None = None,
    preview: bool = False,
) -> Prepared:
    """Read the knobs, bring upstream frames up to date, write the job. Main thread only.

    Args:
        node: the style node.
        step: told what is done next; raises Cancelled to end it.
        frames: first and last of Nuke's frames, inclusive; None for the node's own.
        views: None for the node's own.
        preview: for one frame beside the versions.

    Raises:
        Problem: see `docs/hosts/nuke.md`; nothing in the script has changed then.
    """
    installation = find_installation()
    settings = read_settings(node)
    source = node.input(0)
    if source is None:
        raise Problem(f"{node.name()}: nothing is connected to its input.")
    first, last = wanted_range(node, frames, preview)
    names = wanted_views(node, views)
    stem = file_stem(node)
    work = settings.output / ".nle_style_upstream" / (f"{stem}_preview" if preview else stem)
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Problem(f"{node.name()}: the output folder cannot be made: {error}") from error
    caches = {view: FrameCache(work / view, f"{stem}.{view}") for view in names}
    wanted = Wanted(
        source,
        node.parent(),
        first,
        last,
        names,
        settings.depth_of(source),
        None,
        settings.rewrite,
    )
    executed = write_upstream(wanted, caches, work, step)
    mattes = _write_mattes(node, settings, wanted, work, step)
    previous = read_result(work / "result.json")
    result = Result(0, settings.key(), first, last)
    version = choose_version(previous, result, settings.output, stem)
    name = f"{stem}_preview" if preview else f"{stem}_v{version:03d}"
    prepared = Prepared(
        node.fullName(),
        f"{node.name()}_preview" if preview else f"{node.name()}_result",
        settings,
        installation,
        names,
        Result(version, result.settings, first, last),
        preview,
        work,
        executed,
    )
    write_job(prepared, name, caches, mattes)
    return prepared


def _write_mattes(
    node: nuke.Node,
    settings: Settings,
    wanted: Wanted,
    work: Path,
    step: Callable[[str], None],
) -> dict[str, FrameCache]:
    """View -> the matte's frames; empty without one."""
    choice = settings.matte
    if choice is None:
        return {}
    source = node.parent().node(choice.node) if choice.node else wanted.source
    if source is None or choice.channel not in source.channels():
        raise Problem(f"{node.name()}: the matte's channel {choice.channel} is not there.")
    caches = {view: FrameCache(work / f"{view}.matte", f"matte.{view}") for view in wanted.views}
    matte = replace(wanted, source=source, depth=DEPTH_FLOAT, channel=choice.channel)
    write_upstream(matte, caches, work, step)
    return caches


def run_worker(prepared: Prepared, progress: Progress, cancelled: Callable[[], bool]) -> Any:
    """Run the job in a process of its own. Any thread: the graph is not touched.

    Returns:
        client.Outcome, of a job whose items were all delivered.

    Raises:
        Cancelled: `cancelled` asked for it.
        Problem: the worker cannot be started, ended before the job, or refused an item.
    """

    def told(event: dict[str, Any]) -> None:
        if event["event"] == "progress":
            done, frames = int(event["done"]), int(event["frames"])
            progress.show(f"{event['name']}: {done} of {frames} frames", 100 * done // frames)
        elif event["event"] == "scanning":
            progress.show(f"{event['name']}: looking for cuts")

    progress.show("nle_style starts")
    try:
        worker = client.Worker(
            list(prepared.installation.command), str(prepared.job), str(prepared.log)
        )
        outcome = worker.watch(told, cancelled, str(prepared.cancel_file))
    except (client.WorkerError, OSError) as error:
        raise Problem(f"nle_style cannot render: {error}") from error
    if outcome.cancelled:
        raise Cancelled(outcome.message)
    if outcome.message or len(outcome.items) != len(prepared.views):
        raise Problem(outcome.message or "nle_style ended without a result.")
    return outcome


def finish(prepared: Prepared, outcome: Any) -> nuke.Node:
    """Make or renew the Read. Main thread only.

    Raises:
        Problem: the node is gone, or the views' files do not fit one Read.
    """
    with nuke.root():  # names are looked up in the group that is at work, a callback's for one
        node = nuke.toNode(prepared.node)
    paths = {view: Path(outcome.items[i]["path"]) for i, view in enumerate(prepared.views)}
    sequence = sequence_of(paths)
    if node is None:
        raise Problem(f"{prepared.node} is gone from the script; its result is {sequence}")
    first, last = prepared.result.first, prepared.result.last
    made = datetime.datetime.now().strftime("%Y-%m-%d %H:%M")
    version = "preview" if prepared.preview else f"v{prepared.result.version:03d}"
    provenance = {
        "node": prepared.node,
        "nle_style": prepared.installation.version,
        "look": prepared.settings.look,
        "input_colour": prepared.settings.input_colour,
        "job": str(prepared.job),
        "reports": [item.get("report", "") for item in outcome.items.values()],
    }
    read = make_read(
        node,
        prepared.read_name,
        sequence,
        first,
        last,
        f"{prepared.settings.label}\n{prepared.node} {version} {made}",
        provenance,
    )
    written = sum(len(frames) for frames in prepared.executed.values())
    frames = (last - first + 1) * len(prepared.views)
    node["last_result"].setValue(
        f"{version}: {first}-{last} {' '.join(prepared.views)}, {made}; "
        f"Nuke rendered {written} of {frames} upstream frames{_painted(outcome)}"
        + "".join(f"\n{warning}" for warning in outcome.warnings)
    )
    if not prepared.preview:
        note_result(prepared.work / "result.json", prepared.result)
        if prepared.settings.reconnect:
            reconnect(node, read)
    return read


def _painted(outcome: Any) -> str:
    """How many frames the worker kept from an earlier render, as its reports say."""
    kept = 0
    for item in outcome.items.values():
        try:
            report = json.loads(Path(item["report"]).read_text(encoding="utf-8"))
        except (KeyError, OSError, ValueError):
            return ""
        for made in report.get("made", []):
            if made["status"] == "kept":
                kept += made["frames"][1] - made["frames"][0] + 1
    return f", {kept} results were kept" if kept else ""


def render_node(
    node: nuke.Node,
    frames: tuple[int, int] | None = None,
    views: Sequence[str] | None = None,
    preview: bool = False,
) -> nuke.Node:
    """Render a style node to the end and return its Read. Main thread only.

    Raises:
        Cancelled, Problem: as the three steps; the graph and the root are as before then.
    """
    progress = Progress(node.name())
    prepared = prepare(node, progress.step, frames, views, preview)
    return finish(prepared, run_worker(prepared, progress, progress.cancelled))
