"""An intermediate takes a clip's place: as an unfinalised take, or on a track of its own.

Whatever Resolve answers, the timeline is enumerated and measured again, and what is not as it was
meant is taken back. Whether an end frame counts is told differently by those who tried; so ends are
measured and corrected once.
"""

import os

from ..clips import key_of, properties, video_items
from ..host import ask, minimum_text
from .state import delete_clips

__all__ = ["TRACK", "NotPlaced", "Tracks", "add_take", "same_media"]

TRACK = "NLE Style V{}"


class NotPlaced(Exception):
    """A clip's styled version was not placed, and the clip is as before; the message says why."""


def same_media(clip, other):
    """Whether two MediaPoolItems are of the same file."""
    paths = [str(properties(each).get("File Path") or "") for each in (clip, other)]
    return bool(paths[0]) and os.path.normcase(paths[0]) == os.path.normcase(paths[1])


def _offset(item):
    return ask(item, "TimelineItem.GetLeftOffset")


def add_take(item, clip, first, last, source, frames):
    """Add a take that shows frames first to last of a Media Pool clip, and select it.

    AddTake's end is taken as exclusive. For a still any length will do.

    Args:
        item: the TimelineItem; its own media stays as take 1.
        clip: the intermediate's MediaPoolItem.
        first, last: its frames, from 0, inclusive.
        source: the clip's SourceRange.
        frames: how many the intermediate has.

    Returns:
        (whether the take is selected, notes). It is not selected where Resolve shows other frames
        of it than the clip showed, as may happen with retimes.

    Raises:
        NotPlaced: no take was added, or the clip would not be as long as before.
    """
    duration = ask(item, "TimelineItem.GetDuration")
    speed = ask(item, "TimelineItem.GetSpeed")
    before = int(ask(item, "TimelineItem.GetTakesCount") or 0)
    # A clip without takes counts none; with a second one, its own media is the first of two.
    count = max(before, 1)
    chosen = int(ask(item, "TimelineItem.GetSelectedTakeIndex") or 1) or 1
    if source.media.kind == "still":
        last = first + source.duration - 1
        expected = None
    elif source.speed < 0:
        expected = (frames - 1 - last) / source.step
    else:
        expected = first / source.step
    end, seen = last + 1, None
    for attempt in range(2):
        seen = _try_take(item, clip, first, end, before)
        length = ask(item, "TimelineItem.GetDuration")
        if length == duration and _is_at(seen, expected, source.step):
            break
        change = _correction(seen, expected, source, length, duration)
        if change == 0 or attempt == 1:
            break
        _remove_take(item, before, chosen)
        end += change
    right = length == duration and _is_at(seen, expected, source.step)
    now = ask(item, "TimelineItem.GetSpeed")
    if right and now == speed:
        return True, _take_notes(count + 1, source, now)
    if length == duration and source.retimed:
        ask(item, "TimelineItem.SelectTakeByIndex", chosen)
        if ask(item, "TimelineItem.GetDuration") == duration:
            return False, [
                f"take {count + 1} is added but not selected: Resolve starts it at {seen} instead "
                f"of {float(expected):g} frames, or plays it at another speed ({now}, not {speed})"
            ]
    _remove_take(item, before, chosen)
    raise NotPlaced(
        f"Resolve shows other frames of the take than of the clip: {length} from {seen}, not "
        f"{duration} from {expected if expected is None else float(expected)}. It was removed"
    )


def _try_take(item, clip, first, end, before):
    """Add and select a take; returns the clip's left offset with it."""
    count = max(before, 1)
    chosen = int(ask(item, "TimelineItem.GetSelectedTakeIndex") or 1) or 1
    ask(item, "TimelineItem.AddTake", clip, first, end)
    if int(ask(item, "TimelineItem.GetTakesCount") or 0) != count + 1:
        raise NotPlaced("Resolve says that it added a take, and there is none")
    info = ask(item, "TimelineItem.GetTakeByIndex", count + 1) or {}
    ask(item, "TimelineItem.SelectTakeByIndex", count + 1)
    if not same_media(info.get("mediaPoolItem"), clip):
        _remove_take(item, before, chosen)
        raise NotPlaced("Resolve's new take is not of the styled file. It was removed")
    if ask(item, "TimelineItem.GetSelectedTakeIndex") != count + 1:
        _remove_take(item, before, chosen)
        raise NotPlaced("Resolve does not select the new take. It was removed")
    return _offset(item)


def _is_at(seen, expected, step):
    if expected is None:
        return True
    # Offsets of retimed clips are rounded to frames of the timeline.
    return seen is not None and abs(seen - expected) <= (0 if step == 1 else 1)


def _correction(seen, expected, source, length, duration):
    """By how many source frames the end must move so that length and offset are as meant."""
    if source.speed < 0 and seen is not None and length == duration:
        return round(float((seen - expected) * source.step))
    return round(float((duration - (length or 0)) * source.step))


def _remove_take(item, before, chosen):
    """Take the new take away; a clip that had none before is again one without takes.

    Raises:
        NotPlaced: Resolve keeps it.
    """
    count = max(before, 1)
    ask(item, "TimelineItem.SelectTakeByIndex", chosen)
    if int(ask(item, "TimelineItem.GetTakesCount") or 0) > count:
        ask(item, "TimelineItem.DeleteTakeByIndex", count + 1)
    if int(ask(item, "TimelineItem.GetTakesCount") or 0) > count:
        raise NotPlaced(
            f"Resolve keeps take {count + 1}, which shows other frames: remove it yourself"
        )
    if before == 0 and ask(item, "TimelineItem.GetTakesCount") == 1:
        # What is left is the original alone: this ends the take selector and changes no picture.
        ask(item, "TimelineItem.FinalizeTake")


def _take_notes(index, source, speed):
    notes = [f"take {index} selected"]
    if source.retimed:
        told = "cannot be read back" if speed is None else f"reads {speed}"
        notes.append(f"compare it with take 1: its speed {told}")
    return notes


class Tracks:
    """New video tracks above all others, one for each track that clips come from.

    Args:
        host: the Host.
        pool, timeline: Resolve's objects; the timeline is current.
    """

    def __init__(self, host, pool, timeline):
        self._host = host
        self._pool = pool
        self._timeline = timeline
        self._of = {}
        self._behind = 1  # how far an end frame is behind the last one; 0 where ends count

    def place(self, picked, clip, first, last, source):
        """Put frames first to last of a Media Pool clip over a clip, and read it back.

        Args:
            picked: the Picked clip.
            clip, first, last: as for `add_take`.
            source: the clip's SourceRange.

        Returns:
            the new TimelineItem.

        Raises:
            NotPlaced: the clip is retimed, or nothing as long as it is at its place afterwards.
        """
        if source.retimed:
            raise NotPlaced(
                "a new track would show it at 100 %: choose takes, or put it there yourself from "
                "the bin and set its speed"
            )
        if source.media.kind == "still":
            last = first + source.duration - 1
        track = self._track(picked.track)
        wanted, behind = picked.duration, self._behind
        for _ in range(2):
            item = self._append(picked, clip, first, last + behind, track)
            if item is None:  # as where ends count and this one is behind the media's last frame
                behind = 1 - behind
                continue
            length = ask(item, "TimelineItem.GetDuration")
            if length == wanted and ask(item, "TimelineItem.GetStart") == picked.start:
                self._behind = behind
                return item
            delete_clips(self._host, self._timeline, [item])
            if any(key_of(each.item) == key_of(item) for each in video_items(self._timeline)):
                raise NotPlaced(
                    f"Resolve put {length} frames in place of {wanted} on V{track} at "
                    f"{picked.start}, and keeps them: delete that clip yourself"
                )
            behind += round(float((wanted - length) * source.step))
        raise NotPlaced(
            f"Resolve put nothing of {wanted} frames at {picked.start} on V{track}. What it put "
            "there was removed"
        )

    def tidy(self):
        """Remove the tracks that nothing was put on."""
        for track in sorted(self._of.values(), reverse=True):
            if not ask(self._timeline, "Timeline.GetItemListInTrack", "video", track):
                ask(self._timeline, "Timeline.DeleteTrack", "video", track)
        self._of = {}

    def _track(self, below):
        if below not in self._of:
            before = int(ask(self._timeline, "Timeline.GetTrackCount", "video") or 0)
            ask(self._timeline, "Timeline.AddTrack", "video")
            now = int(ask(self._timeline, "Timeline.GetTrackCount", "video") or 0)
            if now != before + 1:
                raise NotPlaced(
                    "Resolve adds no track; its scripts can from "
                    f"{minimum_text('Timeline.AddTrack')} on"
                )
            ask(self._timeline, "Timeline.SetTrackName", "video", now, TRACK.format(below))
            self._of[below] = now
        return self._of[below]

    def _append(self, picked, clip, first, end, track):
        """The item that is there afterwards and was not before; None if there is none."""
        known = {key_of(each.item) for each in video_items(self._timeline)}
        info = {
            "mediaPoolItem": clip,
            "startFrame": first,
            "endFrame": end,
            "mediaType": 1,
            "trackIndex": track,
            "recordFrame": picked.start,
        }
        ask(self._pool, "MediaPool.AppendToTimeline", [info])
        for each in video_items(self._timeline):
            if key_of(each.item) not in known and each.track == track:
                return each.item
        return None
