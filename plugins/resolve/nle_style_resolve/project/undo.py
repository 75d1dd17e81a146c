"""Remove the styled takes, or the clips on tracks of ours, of one job."""

import os

from ..clips import properties, video_items
from ..host import HostError, ask
from .marking import marks_of, unmark
from .placing import TRACK
from .report import ClipReport
from .state import delete_clips

__all__ = ["jobs_in", "remove_styled"]


def jobs_in(timeline):
    """The ids of the jobs that have left clips in a timeline, the latest last."""
    found = {
        str(facts.get("job")) for each in video_items(timeline) for _, facts in marks_of(each.item)
    }
    return sorted(found)


def remove_styled(host, timeline, job=""):
    """Bring back what a job replaced; what it imported stays in the bin.

    Args:
        host: the Host.
        timeline: the current Timeline.
        job: a job's id; "" for the latest.

    Returns:
        a list of ClipReport.

    Raises:
        HostError: the timeline has nothing of that job.
    """
    jobs = jobs_in(timeline)
    job = job or (jobs[-1] if jobs else "")
    if job not in jobs:
        known = f" It has clips of: {', '.join(jobs)}." if jobs else ""
        raise HostError(f"This timeline has no styled clips of {job or 'NLE Style'}.{known}")
    reports = []
    for picked in video_items(timeline):
        for frame, facts in marks_of(picked.item):
            if str(facts.get("job")) == job:
                reports.append(_undo(host, timeline, picked, frame, facts))
    _tidy_tracks(timeline)
    return reports


def _undo(host, timeline, picked, frame, facts):
    report = ClipReport(picked.name, picked.track, picked.start)
    if facts.get("placed") == "track":
        delete_clips(host, timeline, [picked.item])
        gone = all(
            (each.track, each.start) != (picked.track, picked.start)
            for each in video_items(timeline)
        )
        return report.end("removed" if gone else "failed", "" if gone else "Resolve keeps it")
    index = _take_of(picked.item, str(facts.get("path")))
    if index:
        chosen = int(facts.get("chosen") or 1)
        ask(picked.item, "TimelineItem.SelectTakeByIndex", chosen if chosen != index else 1)
        ask(picked.item, "TimelineItem.DeleteTakeByIndex", index)
        if _take_of(picked.item, str(facts.get("path"))):
            return report.end("failed", "Resolve keeps the take")
        if not facts.get("takes") and ask(picked.item, "TimelineItem.GetTakesCount") == 1:
            # The original alone is left: no take selector, as before.
            ask(picked.item, "TimelineItem.FinalizeTake")
    unmark(picked.item, frame, facts)
    return report.end("removed", "" if index else "its styled take was gone already")


def _take_of(item, path):
    """The index of the take that shows a file, or a file in that folder; 0 if none does."""
    wanted = os.path.normcase(os.path.normpath(path))
    for index in range(1, int(ask(item, "TimelineItem.GetTakesCount") or 0) + 1):
        info = ask(item, "TimelineItem.GetTakeByIndex", index) or {}
        its = str(properties(info.get("mediaPoolItem")).get("File Path") or "")
        both = (its, os.path.dirname(its))
        if its and wanted in [os.path.normcase(os.path.normpath(each)) for each in both]:
            return index
    return 0


def _tidy_tracks(timeline):
    prefix = TRACK.format("")
    for track in range(int(ask(timeline, "Timeline.GetTrackCount", "video") or 0), 0, -1):
        name = str(ask(timeline, "Timeline.GetTrackName", "video", track) or "")
        empty = not ask(timeline, "Timeline.GetItemListInTrack", "video", track)
        if empty and name.startswith(prefix):
            ask(timeline, "Timeline.DeleteTrack", "video", track)
