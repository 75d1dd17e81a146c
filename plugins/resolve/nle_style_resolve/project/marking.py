"""A styled clip's colour and its marker, which carries what is needed to undo the job."""

import json

from ..host import ask

__all__ = ["KEY", "mark", "marks_of", "unmark"]

KEY = "nle_style"
_COLOUR = "Purple"  # of the marker; clip colours are other names
_TRIES = 50


def mark(item, facts, colour, note):
    """Colour a clip and put the marker on it; both are read back.

    Args:
        item: the TimelineItem.
        facts: what `undo` needs, JSON values; "job" is the job's id.
        colour: a clip colour, "" to leave it.
        note: for people, in the marker.

    Returns:
        what could not be read back, as lines.
    """
    missing = []
    facts = dict(facts, colour=ask(item, "TimelineItem.GetClipColor") or "")
    data = json.dumps({KEY: facts}, sort_keys=True)
    # Markers of a clip are counted from its media's first frame, so that they stay on the picture.
    start = int(ask(item, "TimelineItem.GetLeftOffset") or 0)
    for frame in range(start, start + _TRIES):
        ask(item, "TimelineItem.AddMarker", frame, _COLOUR, "NLE Style", note, 1, data)
        if any(found == facts for _, found in marks_of(item)):
            break
    else:
        missing.append("Resolve sets no marker: this clip cannot be undone by the script")
    if colour:
        ask(item, "TimelineItem.SetClipColor", colour)
        now = ask(item, "TimelineItem.GetClipColor")
        if now != colour:
            missing.append(f"its clip colour stays {now or 'none'}, not {colour}")
    return missing


def marks_of(item):
    """(frame, facts) of this plugin's markers on a clip."""
    found = []
    markers = ask(item, "TimelineItem.GetMarkers") or {}
    for frame, marker in markers.items():
        try:
            data = json.loads(marker.get("customData") or "")
        except ValueError:
            continue
        if isinstance(data, dict) and isinstance(data.get(KEY), dict):
            found.append((frame, data[KEY]))
    return found


def unmark(item, frame, facts):
    """Remove a marker and give the clip the colour back that it had."""
    ask(item, "TimelineItem.DeleteMarkerAtFrame", frame)
    if facts.get("colour"):
        ask(item, "TimelineItem.SetClipColor", facts["colour"])
    else:
        ask(item, "TimelineItem.ClearClipColor")
