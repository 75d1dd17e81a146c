"""Which clips are meant, and where on the timeline they are.

Resolve gives another object for the same clip each time it is asked, so that a clip is known by its
id, or where versions have none by its place.
"""

from ..host import HostError, ask, can, minimum_text

__all__ = ["WAYS", "Picked", "key_of", "pick", "video_items", "ways"]

WAYS = ("selected", "current", "colour", "range", "track")


class Picked:
    """A clip of the current timeline.

    Attributes:
        item: the TimelineItem.
        track: index of its video track, from 1.
        name, start, duration: as Resolve says; start is absolute, both in timeline frames.
    """

    def __init__(self, item, track):
        self.item = item
        self.track = track
        self.name = str(ask(item, "TimelineItem.GetName") or "unnamed clip")
        self.start = int(ask(item, "TimelineItem.GetStart") or 0)
        self.duration = int(ask(item, "TimelineItem.GetDuration") or 0)


def key_of(item):
    """What tells two clips apart."""
    unique = ask(item, "TimelineItem.GetUniqueId")
    if unique:
        return unique
    start, end = ask(item, "TimelineItem.GetStart"), ask(item, "TimelineItem.GetEnd")
    return ask(item, "TimelineItem.GetName"), start, end


def video_items(timeline):
    """All items of all video tracks as Picked, from the bottom and from the left."""
    found = []
    for track in range(1, int(ask(timeline, "Timeline.GetTrackCount", "video") or 0) + 1):
        for item in ask(timeline, "Timeline.GetItemListInTrack", "video", track) or []:
            found.append(Picked(item, track))
    return sorted(found, key=lambda picked: (picked.track, picked.start))


def ways(timeline):
    """The ways to choose clips that this Resolve has, the best first: a part of WAYS."""
    missing = set()
    if not can(timeline, "Timeline.GetSelectedClips"):
        missing.add("selected")
    if not can(timeline, "Timeline.GetMarkInOut"):
        missing.add("range")
    return [way for way in WAYS if way not in missing]


def pick(timeline, way, value=""):
    """The clips that are meant.

    Args:
        way: "selected": the timeline's selection; "current": the clip under the playhead;
            "colour": clips of the colour `value`; "range": clips that reach into the timeline's in
            and out marks; "track": all clips of the video track number `value`.

    Returns:
        a list of Picked, at least one.

    Raises:
        HostError: this Resolve has no such way, or it finds no clip.
    """
    everything = video_items(timeline)
    if way == "selected":
        wanted = _selected(timeline)
        found = [each for each in everything if key_of(each.item) in wanted]
        nothing = "No video clip is selected in the timeline."
    elif way == "current":
        current = ask(timeline, "Timeline.GetCurrentVideoItem")
        key = None if current is None else key_of(current)
        found = [each for each in everything if key is not None and key_of(each.item) == key]
        nothing = "There is no video clip under the playhead."
    elif way == "colour":
        found = [each for each in everything if _colour(each) == str(value).lower()]
        nothing = f"No video clip has the colour '{value}'."
    elif way == "track":
        found = [each for each in everything if str(each.track) == str(value).strip().lstrip("Vv")]
        nothing = f"There is no clip on the video track '{value}': give its number, 1 for V1."
    elif way == "range":
        first, last = _marks(timeline)
        found = [each for each in everything if first <= each.start + each.duration - 1]
        found = [each for each in found if each.start <= last]
        nothing = "No video clip is between the in and out marks."
    else:
        raise HostError(f"'{way}' is no way to choose clips; these are: {', '.join(WAYS)}.")
    if not found:
        raise HostError(nothing + " Nothing was done.")
    return found


def _selected(timeline):
    clips = ask(timeline, "Timeline.GetSelectedClips")
    if clips is None:
        raise HostError(
            "This Resolve does not tell which clips are selected (that came with "
            f"{minimum_text('Timeline.GetSelectedClips')}). Choose by clip colour, track or marks, "
            "or the clip under the playhead. Nothing was done."
        )
    # Some calls of Resolve's give {1.0: item, 2.0: item}.
    return {key_of(item) for item in (clips.values() if isinstance(clips, dict) else clips)}


def _colour(picked):
    return str(ask(picked.item, "TimelineItem.GetClipColor") or "").lower()


def _marks(timeline):
    """First and last frame of the in/out range, absolute and inclusive."""
    marks = ask(timeline, "Timeline.GetMarkInOut")
    video = (marks or {}).get("video") or {}
    if "in" not in video or "out" not in video:
        raise HostError(
            "The timeline has no in and out marks, or this Resolve does not tell them (from "
            f"{minimum_text('Timeline.GetMarkInOut')} on). Nothing was done."
        )
    first, last = int(video["in"]), int(video["out"])
    start = int(ask(timeline, "Timeline.GetStartFrame") or 0)
    # The README's example counts from 0 at the timeline's start; positions of clips are absolute.
    return (first, last) if first >= start else (first + start, last + start)
