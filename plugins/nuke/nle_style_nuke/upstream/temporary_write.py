"""The node's input as EXR files, by a temporary Write that leaves no trace in the script.

Only frames with a new key (`frame_keys`) are executed: all keys of a view are taken first, then one
`nuke.executeMultiple` has its own progress bar and Cancel for them.
"""

from __future__ import annotations

import contextlib
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import nuke

from ..problems import Cancelled, Problem
from .frame_cache import FrameCache
from .frame_keys import frame_keys
from .root_state import full_resolution

__all__ = ["Wanted", "write_upstream"]

Step = Callable[[str], None]
"""Told what is done next, before each frame; "" where Nuke tells itself. May raise Cancelled."""


@dataclass(frozen=True)
class Wanted:
    """Frames of a node that the worker needs.

    Attributes:
        source: the node whose picture is written.
        parent: the group that temporary nodes are made in.
        first, last: Nuke's frames, inclusive.
        views: their names.
        depth: the Write's `datatype`.
        channel: None for all channels, else the one that becomes R, G and B (a matte).
        rewrite: write every frame, whatever the cache has.
    """

    source: nuke.Node
    parent: nuke.Group
    first: int
    last: int
    views: Sequence[str]
    depth: str
    channel: str | None
    rewrite: bool


class _TemporaryNodes(contextlib.ExitStack):
    """Nodes that are deleted when it ends, the last one first."""

    def __init__(self, parent: nuke.Group) -> None:
        super().__init__()
        self._parent = parent

    def add(self, kind: str, below: nuke.Node) -> nuke.Node:
        """Make a node without panel, selection or callbacks of the user's, under another."""
        with self._parent:
            # nuke.nodes, not createNode: that would hang it on what the artist has selected.
            node: nuke.Node = getattr(nuke.nodes, kind)()
        self.callback(nuke.delete, node)
        node.setInput(0, below)
        return node


def write_upstream(
    wanted: Wanted, caches: dict[str, FrameCache], work: Path, step: Step
) -> dict[str, list[int]]:
    """Bring the caches up to date. Main thread only; proxy, frame and graph are as before after it.

    Args:
        wanted: what.
        caches: one for each view.
        work: a folder on the caches' volume for files that are being written.
        step: see `Step`.

    Returns:
        view -> the frames that were executed.

    Raises:
        Cancelled: by `step`, or in Nuke's own progress bar.
        Problem: Nuke cannot render a frame, or its file is missing or empty.
    """
    staging = work / f"writing-{uuid.uuid4().hex[:12]}"
    executed: dict[str, list[int]] = {}
    try:
        with full_resolution(), _TemporaryNodes(wanted.parent) as temporary:
            below = wanted.source
            if wanted.channel is not None:
                below = _spread(temporary, below, wanted.channel)
            box = _format_box(wanted.source)
            crop = temporary.add("Crop", below)
            crop["box"].setValue(box)
            crop["reformat"].setValue(False)
            # "black outside" would also give pictures without alpha a solid one.
            crop["crop"].setValue(False)
            write = temporary.add("Write", crop)
            _set_up(write, wanted, staging)
            for view in wanted.views:
                one = temporary.add("OneView", crop)
                one["view"].setValue(view)
                how = [box, wanted.depth, wanted.channel]
                frames = range(wanted.first, wanted.last + 1)
                keys = frame_keys(one, wanted.source, view, frames, how, step)
                cache = caches[view]
                stale = sorted(keys) if wanted.rewrite else cache.stale(keys)
                executed[view] = stale
                if stale:
                    step("")
                    files = {frame: staging / view / f"frame.{frame:06d}.exr" for frame in stale}
                    form = f"{box} {wanted.depth}"
                    try:
                        for frame in _execute(write, files, view):
                            cache.put(frame, files[frame], keys[frame], form)
                    finally:
                        cache.save()
                cache.keep_run(wanted.first, wanted.last)
                cache.save()
    except OSError as error:
        raise Problem(f"upstream frames cannot be kept: {error}") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return executed


def _spread(temporary: _TemporaryNodes, below: nuke.Node, channel: str) -> nuke.Node:
    node = temporary.add("Expression", below)
    for name in ("expr0", "expr1", "expr2"):
        node[name].setValue(channel)
    return node


def _format_box(node: nuke.Node) -> list[int]:
    form = node.format()
    return [form.x(), form.y(), form.r(), form.t()]


def _set_up(write: nuke.Node, wanted: Wanted, staging: Path) -> None:
    # A studio may have other defaults for a Write, so every knob that matters is set.
    write["file"].setValue((staging / "%V" / "frame.%06d.exr").as_posix())
    write["file_type"].setValue("exr")
    write["datatype"].setValue(wanted.depth)
    write["compression"].setValue("Zip (1 scanline)")
    write["channels"].setValue("all" if wanted.channel is None else "rgb")
    write["raw"].setValue(True)
    write["create_directories"].setValue(True)
    write["use_limit"].setValue(False)


def _execute(write: nuke.Node, files: Mapping[int, Path], view: str) -> Iterator[int]:
    """Have Nuke write frames, ascending, each into its file; gives those that are whole.

    Raises:
        Cancelled, Problem: as `write_upstream`, behind the last whole frame.
    """
    what = f"the input's frames {min(files)}-{max(files)} ({view})"
    failure: Exception | None = None
    try:
        nuke.executeMultiple([write], _runs(files), [view])
    except Exception as error:
        failure = error
    there = [frame for frame, path in files.items() if path.is_file() and path.stat().st_size]
    # What ended it may have left half of the last one.
    yield from there[:-1] if failure else there
    if failure is not None:
        # Nuke tells a cancel by the text of a RuntimeError; newer versions have a class for it.
        if isinstance(failure, nuke.CancelledError) or "cancel" in str(failure).lower():
            raise Cancelled from failure
        raise Problem(f"Nuke cannot render {what}: {failure}") from failure
    missing = [frame for frame in files if frame not in there]
    if missing:
        raise Problem(
            f"Nuke wrote nothing for frame {missing[0]} of {what}. "
            f"Check that there is room on the disk of {files[missing[0]].parent.parent.parent}."
        )


def _runs(frames: Iterable[int]) -> list[list[int]]:
    """Ascending frames as ranges of Nuke's: first, last, step."""
    runs: list[list[int]] = []
    for frame in frames:
        if runs and runs[-1][1] == frame - 1:
            runs[-1][1] = frame
        else:
            runs.append([frame, frame, 1])
    return runs
