"""What an editor had open stays as it was: page, bin, timeline, playhead, marks and locks."""

import contextlib

from ..host import ask

__all__ = ["delete_clips", "kept"]


@contextlib.contextmanager
def kept(host, project, pool, timeline):
    """Put back, whatever happens inside, what has changed by then.

    Args:
        host: the Host.
        project, pool, timeline: Resolve's objects as `Host.project` gives them.
    """
    page = ask(host.resolve, "Resolve.GetCurrentPage")
    folder = ask(pool, "MediaPool.GetCurrentFolder")
    playhead = ask(timeline, "Timeline.GetCurrentTimecode")
    marks = ask(timeline, "Timeline.GetMarkInOut")
    locks = _locks(timeline)
    try:
        yield
    finally:
        # First the timeline: the getters of one that is not current do not tell the truth.
        ask(project, "Project.SetCurrentTimeline", timeline)
        if folder is not None:
            ask(pool, "MediaPool.SetCurrentFolder", folder)
        now = _locks(timeline)
        for (kind, index), locked in locks.items():
            if now.get((kind, index)) not in (None, locked):
                ask(timeline, "Timeline.SetTrackLock", kind, index, locked)
        if marks is not None and ask(timeline, "Timeline.GetMarkInOut") != marks:
            _set_marks(timeline, marks)
        if playhead and ask(timeline, "Timeline.GetCurrentTimecode") != playhead:
            ask(timeline, "Timeline.SetCurrentTimecode", playhead)
        if page and ask(host.resolve, "Resolve.GetCurrentPage") != page:
            ask(host.resolve, "Resolve.OpenPage", page)


def delete_clips(host, timeline, items):
    """Delete clips of the timeline; what becomes of it is read back by the caller.

    On other pages than Edit nothing is deleted (measured by davinci-resolve-mcp on 19.1.3, on the
    Fairlight page); the page that was open is opened again.
    """
    page = ask(host.resolve, "Resolve.GetCurrentPage")
    if page != "edit":
        ask(host.resolve, "Resolve.OpenPage", "edit")
    try:
        ask(timeline, "Timeline.DeleteClips", items, False)
    finally:
        if page and page != "edit":
            ask(host.resolve, "Resolve.OpenPage", page)


def _locks(timeline):
    return {
        (kind, index): ask(timeline, "Timeline.GetIsTrackLocked", kind, index)
        for kind in ("video", "audio")
        for index in range(1, int(ask(timeline, "Timeline.GetTrackCount", kind) or 0) + 1)
    }


def _set_marks(timeline, marks):
    ask(timeline, "Timeline.ClearMarkInOut")
    for kind in ("video", "audio"):
        span = marks.get(kind) or {}
        if "in" in span and "out" in span:
            ask(timeline, "Timeline.SetMarkInOut", span["in"], span["out"], kind)
