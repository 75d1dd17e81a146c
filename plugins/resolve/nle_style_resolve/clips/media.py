"""What the Media Pool says of a clip's media: its file or files, frames and rate."""

import os
import re
from fractions import Fraction

from ..host import ask

__all__ = ["Media", "Refused", "exact_rate", "media_of", "properties"]

# Resolve writes a sequence as name.[1001-1100].exr.
_BRACKETS = re.compile(r"\[(\d+)-(\d+)\]")
_NTSC = (24, 30, 48, 60, 120)


class Refused(Exception):
    """One clip is left alone; the message is the reason, for people."""


class Media:
    """The media behind a clip.

    Attributes:
        path: the movie or still, or a sequence's printf pattern: name.%04d.exr.
        kind: "movie", "still" or "sequence".
        frames: how many the Media Pool's clip has.
        offset: position in the file or sequence on disk, from 0, of the Media Pool clip's first
            frame: not 0 for subclips and for sequences that were imported in part.
        number: that Resolve counts the Media Pool clip's first frame as: of a sequence's first
            file, of a subclip's first frame; else 0.
        rate: frames a second, exact.
    """

    def __init__(self, path, kind, frames, offset, number, rate):
        self.path = path
        self.kind = kind
        self.frames = frames
        self.offset = offset
        self.number = number
        self.rate = rate


def exact_rate(text):
    """A rate as Resolve writes it ("23.976", "29.97 DF", "25.0", and "23,976" where the system's
    numbers have a comma) as a Fraction; None if it is none.

    Rates within 0.02 % of n x 1000/1001 are that.
    """
    match = re.match(r"\s*(\d+(?:[.,]\d+)?)", str(text))
    value = Fraction(match.group(1).replace(",", ".")) if match else Fraction(0)
    if value <= 0:
        return None
    if value.denominator == 1:
        return value
    for count in _NTSC:
        ntsc = Fraction(count * 1000, 1001)
        if abs(value - ntsc) <= ntsc / 5000:
            return ntsc
    return value


def properties(clip):
    """All properties of a Media Pool clip, {} if it says none."""
    found = ask(clip, "MediaPoolItem.GetClipProperty")
    return found if isinstance(found, dict) else {}


def media_of(item):
    """The media that a timeline item shows.

    Raises:
        Refused: it has none, it is offline, or Resolve does not say what is needed.
    """
    clip = ask(item, "TimelineItem.GetMediaPoolItem")
    if clip is None:
        raise Refused(
            "it has no media of its own (title, generator, transition, adjustment or Fusion clip): "
            "render it in place first"
        )
    facts = properties(clip)
    path = str(facts.get("File Path") or "")
    if not path:
        raise Refused(
            "there is no file behind it (compound or Fusion clip, timeline): open it and choose "
            "the clips inside, or render it in place"
        )
    frames, rate = _whole(facts.get("Frames")), exact_rate(facts.get("FPS"))
    if not frames or rate is None:
        raise Refused(
            f"Resolve does not say how long its media is (Frames {facts.get('Frames')!r}, FPS "
            f"{facts.get('FPS')!r})"
        )
    brackets = _BRACKETS.search(os.path.basename(path))
    if brackets and not os.path.isfile(path):
        return _sequence(path, brackets, frames, rate)
    if not os.path.isfile(path):
        raise Refused(f"its media is offline: {path} is not there. Relink it in the Media Pool")
    if os.path.isfile(os.path.splitext(path)[0] + ".manifest.jsonl"):
        raise Refused("it shows a styled version already: choose its first take, or remove it")
    if frames == 1:
        return Media(path, "still", 1, 0, 0, rate)
    start = _whole(facts.get("Start")) or 0
    return Media(path, "movie", frames, start, start, rate)


def _sequence(path, brackets, frames, rate):
    folder, name = os.path.split(path)
    width = len(brackets.group(1))
    before, after = name[: brackets.start()], name[brackets.end() :]
    first = int(brackets.group(1))
    expression = re.compile(rf"{re.escape(before)}(\d{{{width},}}){re.escape(after)}")
    try:
        names = os.listdir(folder)
    except OSError:
        names = []
    numbers = [int(hit.group(1)) for hit in map(expression.fullmatch, names) if hit]
    if first not in numbers:
        raise Refused(f"its media is offline: {path} is not there. Relink it in the Media Pool")
    if "%" in before + after:
        raise Refused(f"its files have a percent sign in their name: {name}")
    if os.path.isfile(folder + ".manifest.jsonl"):
        raise Refused("it shows a styled version already: choose its first take, or remove it")
    pattern = os.path.join(folder, f"{before}%0{width}d{after}")
    if frames == 1 and len(numbers) == 1:
        return Media(
            os.path.join(folder, f"{before}{first:0{width}d}{after}"), "still", 1, 0, 0, rate
        )
    # The worker counts from the first file on disk, Resolve from the first that was imported.
    return Media(pattern, "sequence", frames, first - min(numbers), first, rate)


def _whole(text):
    match = re.match(r"\s*(-?\d+)", str(text))
    return int(match.group(1)) if match else None
