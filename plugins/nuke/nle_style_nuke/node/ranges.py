"""Which frames and views a render is of."""

from __future__ import annotations

from collections.abc import Sequence

import nuke

from ..problems import Problem

__all__ = ["frame_range", "wanted_range", "wanted_views"]


def frame_range(node: nuke.Node) -> tuple[int, int]:
    """The frames that a style node's input has; the script's where it states none.

    Raises:
        Problem: the input has no frames.
    """
    source = node.input(0)
    if source is None:
        return nuke.root().firstFrame(), nuke.root().lastFrame()
    found = source.frameRange()
    if found.frames() < 1 or found.last() < found.first():
        raise Problem(f"{node.name()}: its input {source.name()} has no frames.")
    if found.frames() == 1:  # a still, or a generator, serves every frame
        return nuke.root().firstFrame(), nuke.root().lastFrame()
    return found.first(), found.last()


def wanted_range(node: nuke.Node, frames: tuple[int, int] | None, preview: bool) -> tuple[int, int]:
    """The frames to render, handles included as far as the input has them.

    Args:
        node: the style node.
        frames: first and last, inclusive; None for the node's own.
        preview: without handles.

    Raises:
        Problem: an empty range, none of the input's frames, or frames below 0.
    """
    first, last = frames or (int(node["first"].value()), int(node["last"].value()))
    has = frame_range(node)
    if last < first:
        raise Problem(f"{node.name()}: the frame range {first}-{last} has no frames.")
    source = node.input(0)
    if source is not None and source.frameRange().frames() == 1:
        has = min(first, has[0]), max(last, has[1])  # it serves frames beyond the script's too
    if last < has[0] or has[1] < first:
        raise Problem(
            f"{node.name()}: the input has no frames in {first}-{last}, but {has[0]}-{has[1]}. "
            "Press reset beside the frame range."
        )
    if not preview:
        handles = max(0, int(node["handles"].value()))
        first = min(first, max(first - handles, has[0]))
        last = max(last, min(last + handles, has[1]))
    if first < 0:
        raise Problem(f"{node.name()}: frames below 0 cannot be files; begin at 0 or later.")
    return first, last


def wanted_views(node: nuke.Node, views: Sequence[str] | None) -> tuple[str, ...]:
    """The views to render, each once; None for the node's own.

    Raises:
        Problem: the script does not have one.
    """
    there = nuke.views()
    wanted = list(views or str(node["views"].value()).replace(",", " ").split() or there)
    missing = [view for view in wanted if view not in there]
    if missing:
        raise Problem(
            f"{node.name()}: the script has no view '{missing[0]}', but {', '.join(there)}."
        )
    return tuple(dict.fromkeys(wanted))
