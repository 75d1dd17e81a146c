"""From a clip on the timeline to the frames of its media that it shows.

Three things that Resolve tells are compared, because each of them can be wrong in its own way
(docs/hosts/resolve.md): the offsets (how far the clip could be extended to the left and to the
right, in timeline frames, exact at 100 % and in retimed time otherwise), the first source frame
(from 19.0 on, may be one too low) and the speed (from 21.1 on). Where they disagree the clip is
refused.
"""

import math
from fractions import Fraction

from ..host import ask
from .media import Refused, media_of

__all__ = ["SourceRange", "source_range"]

# Both offsets and the duration are rounded to frames each.
_ROUNDING = 2


class SourceRange:
    """The frames of its media that a clip shows.

    Attributes:
        media: the Media.
        first, last: positions in the file or sequence on disk, from 0, inclusive.
        speed: Fraction; 1, negative in reverse. The rate of the timeline has no part in it.
        step: source frames for one timeline frame, forward: |speed| x media rate / timeline rate.
        duration: of the clip, in timeline frames.
        notes: what was assumed, for the report.
    """

    def __init__(self, media, first, last, speed, step, duration, notes):
        self.media = media
        self.first = first
        self.last = last
        self.speed = speed
        self.step = step
        self.duration = duration
        self.notes = notes

    @property
    def retimed(self):
        """Whether the clip's own speed is not 100 %."""
        return self.speed != 1

    def with_handles(self, handles):
        """(first, last) with handles, as far as the media has them; a still has none.

        A retimed clip has one at least: editors round its frames differently.
        """
        wanted = max(handles, 1) if self.step != 1 else handles
        low = self.media.offset
        high = low + self.media.frames - 1
        return max(self.first - wanted, low), min(self.last + wanted, high)


def source_range(item, timeline_rate):
    """The frames that a clip shows.

    Args:
        item: a TimelineItem.
        timeline_rate: of the timeline, a Fraction.

    Raises:
        Refused: no media, or Resolve's answers do not say which frames.
    """
    media = media_of(item)
    duration = _frames(ask(item, "TimelineItem.GetDuration"))
    if not duration:
        raise Refused("Resolve does not say how long it is")
    if media.kind == "still":
        return SourceRange(media, 0, 0, Fraction(1), Fraction(1), duration, [])
    left = _frames(ask(item, "TimelineItem.GetLeftOffset"))
    right = _frames(ask(item, "TimelineItem.GetRightOffset"))
    if left is None or right is None:
        raise Refused("Resolve does not say which part of its media it shows")
    natural = media.rate / timeline_rate
    size = _size_of_speed(media.frames / natural, left + duration + right)
    told = ask(item, "TimelineItem.GetSpeed")
    _refuse_varying(told, size)
    step = natural * size
    forward = _forward(left * step, step, duration)
    backward = _backward(left * step, right * step, media.frames)
    start = _frames(ask(item, "TimelineItem.GetSourceStartFrame"))
    end = _frames(ask(item, "TimelineItem.GetSourceEndFrame"))
    untold = start == end == 0 and forward[1] > forward[0]
    if untold:  # of clips from an imported XML (19.1.3, measured by davinci-resolve-mcp)
        start = end = None
    start, end = _from_first(start, end, media.number, forward[0], backward[0])
    reverse, notes = _direction(told, start, end, forward, backward, step)
    if untold:
        notes.append("Resolve says source frames 0-0, as of clips from an XML: its offset is taken")
    first, last = backward if reverse else _agreed(forward, start, step)
    if not 0 <= first <= last < media.frames:
        raise Refused(
            f"Resolve's numbers say frames {first}-{last} of media that has {media.frames}"
        )
    speed = -size if reverse else size
    if speed != 1:
        notes.append(f"its speed is {_percent(speed)}: source frames are given, at 100 %")
    if natural != 1:
        notes.append(f"its media runs at {media.rate}, the timeline at {timeline_rate}")
    low = media.offset
    return SourceRange(media, low + first, low + last, speed, step, duration, notes)


def _size_of_speed(plain, span):
    """|speed|, from the length of the whole media at 100 % and that on the timeline.

    Both in timeline frames. 100 % and whole percents are preferred where rounding allows them.
    """
    if abs(plain - span) <= _ROUNDING:
        return Fraction(1)
    percent = Fraction(max(round(100 * plain / span), 1), 100)
    return percent if abs(plain / percent - span) <= _ROUNDING else Fraction(plain) / span


def _refuse_varying(told, size):
    """Refuse a clip whose speed, told from 21.1 on, is not the one that its length gives.

    Whether half speed is told as 50 or as 0.5 is not documented, so both are accepted.
    """
    if not isinstance(told, (int, float)) or told == 0:
        return
    if all(abs(abs(told) - size * scale) > size * scale / 50 for scale in (1, 100)):
        raise Refused(
            f"its speed is {told} by one and {_percent(size)} by another of Resolve's answers, as "
            "happens with keyframed speed: render it in place, or make its speed constant"
        )


def _from_first(start, end, number, *expected):
    """GetSourceStartFrame and GetSourceEndFrame, from the media's first frame, whose number is
    `number`; None where they are not told, before 19.0.

    Of a subclip they count from the file (measured by a user of gyroflow-plugins); of a sequence
    that is not documented. So of both readings the one that is nearer to `expected` counts.
    """
    if start is None:
        return start, end
    shift = min((number, 0), key=lambda each: min(abs(start - each - one) for one in expected))
    return start - shift, None if end is None else end - shift


def _forward(offset, step, duration):
    """First and last frame: frame i shows offset + floor(i x step)."""
    return math.floor(offset), math.floor(offset + (duration - 1) * step)


def _backward(before, after, frames):
    """First and last frame of a reversed clip, which could be extended to later frames on its left.

    Widened to whole frames: where exactly editors begin differs by one.
    """
    return max(math.floor(after), 0), min(frames - 1 - math.floor(before), frames - 1)


def _direction(told, start, end, forward, backward, step):
    """(whether it plays in reverse, notes)."""
    if isinstance(told, (int, float)) and told != 0:
        return told < 0, []
    if start is not None and end is not None and end < start:
        return True, []
    unsure = "this Resolve does not say whether it is reversed; it is taken as forward"
    if start is None:
        return False, [] if forward == backward else [unsure]
    slack = 0 if step == 1 else math.ceil(step)

    def fits(frame):
        return -1 - slack <= start - frame <= slack

    is_backward = fits(backward[0]) or fits(backward[1])
    if fits(forward[0]):
        return False, [unsure] if is_backward and forward != backward else []
    return is_backward, []


def _agreed(forward, start, step):
    """First and last frame, if GetSourceStartFrame allows them: it is the first, or one less.

    At 100 % the offset is exact. Otherwise it was rounded, and the nearest allowed frame counts.
    """
    first, last = forward
    if start is None:
        return forward
    allowed = 1 if step == 1 else 1 + math.ceil(step)
    if not first - allowed <= start <= first + allowed - 1:
        raise Refused(
            f"Resolve says frame {first} by its offset and frame {start} by its source start"
        )
    shift = min(max(first, start), start + 1) - first
    return first + shift, last + shift


def _percent(speed):
    return f"{float(speed * 100):g} %"


def _frames(value):
    return round(value) if isinstance(value, (int, float)) else None
