"""The lines of a CMX 3600 edit decision list, as events.

Source: "CMX 3600 EDL" (xmil.biz/EDL-X/CMX3600.pdf) and what Avid, Premiere, Final Cut 7 and
Resolve write: longer reels, comments for names and files, M2 lines for speeds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from nle_style.timecode import Timecode

__all__ = ["Event", "Motion", "frames_of", "highest_frame", "parse_events"]

_TIMECODE = r"\d{1,2}[:;]\d\d[:;]\d\d[:;.,]\d\d|\d+"
_EVENT = re.compile(
    r"(?P<number>\d+)\s+(?P<reel>\S.*?)\s+(?P<channels>\S+)\s+"
    r"(?P<kind>C|D|W\d{1,3}|K\s?[BO]?)(?:\s+(?P<frames>\d+))?"
    rf"\s+(?P<a>{_TIMECODE})\s+(?P<b>{_TIMECODE})\s+(?P<c>{_TIMECODE})\s+(?P<d>{_TIMECODE})",
    re.IGNORECASE,
)
_FOUR_TIMES = re.compile(r"[^*].*(?:\s\d\d[:;]\d\d[:;]\d\d[:;.,]\d\d){4}")
_SPELLED = {"VIDEO": "V", "AUDIO": "A", "BOTH": "B"}
_COMMENT = re.compile(
    r"\*?\s*(?:\*\s*OTIO REFERENCE )?"
    r"(?P<key>(?:(?:FROM|TO|KEY) )?(?:CLIP NAME|CLIP|FILE PATH|FILE)|FROM|TO|"
    r"SOURCE FILE PATH|SOURCE FILE|LOC)\s*:\s*(?P<value>.*)",
    re.IGNORECASE,
)
_REEL = re.compile(r"\*?\s*REEL\s+(?P<reel>\S.*?)\s+IS CLIP\s+(?P<clip>\S.*)", re.IGNORECASE)
_FCP_REEL = re.compile(
    r"\*?\s*FINAL CUT PRO REEL:\s*(?P<clip>\S.*?)\s+REPLACED BY:\s*(?P<reel>\S.*)", re.IGNORECASE
)
_GRADE = re.compile(r"\*?\s*(?P<key>ASC_SOP|ASC_SAT)\s*:?\s*(?P<value>.*)", re.IGNORECASE)
_MOTION = re.compile(
    rf"M2\s+(?P<name>.*?)\s+(?P<speed>[+-]?\d*\.?\d+)(?:\s+(?P<at>{_TIMECODE}))?",
    re.IGNORECASE,
)
_IS_MOTION = re.compile(r"M2\s", re.IGNORECASE)
_FREEZE = re.compile(r"[*\s]*FREEZE FRAME")


@dataclass(frozen=True)
class Motion:
    """An M2 line: the reel or clip it means, its speed in frames per second (signed; None if it
    cannot be read), and the source timecode that it holds for, "" without one."""

    name: str
    speed: Fraction | None
    line: int
    at: str


@dataclass
class Event:
    """One event, with the comments under it.

    Attributes:
        number, reel, channels: as written.
        kind: "C" (cut), "D" (dissolve), "W" (wipe), "K" (key) or "KB" (the background of a key).
        frames: length of the transition.
        source, record: timecodes in and out (exclusive), as written.
        line: in the file, from 1.
        fcm: whether the FCM before it says drop-frame, None without one, and whether the list's
            first one does: that of its source, and that of the record, which has one kind.
        outgoing: the line of the same number that a transition starts from, or a key lies on.
        incoming: the transition or key after this line, if this line has a length of its own;
            lists write the comments of both below the second.
        names: comments by their key, like "FROM CLIP NAME"; that without FROM is the same.
        reels: "REEL x IS CLIP y" and "FINAL CUT PRO REEL: y REPLACED BY: x" comments, y by x.
        locators: text of LOC comments.
        motions: M2 lines.
        grades: ASC_SOP and ASC_SAT comments as written, those below a "TO …" comment under "TO",
            all others under "FROM".
        freeze: whether a comment says "freeze frame".
        comments: every comment, as written.
    """

    number: str
    reel: str
    channels: str
    kind: str
    frames: int
    source: tuple[str, str]
    record: tuple[str, str]
    line: int
    fcm: tuple[bool | None, bool]
    outgoing: Event | None = None
    incoming: Event | None = None
    names: dict[str, str] = field(default_factory=dict)
    reels: dict[str, str] = field(default_factory=dict)
    locators: list[str] = field(default_factory=list)
    grades: dict[str, dict[str, str]] = field(default_factory=dict)
    motions: list[Motion] = field(default_factory=list)
    freeze: bool = False
    comments: list[str] = field(default_factory=list)

    @property
    def drop_source(self) -> bool:
        """Whether its source's timecode is drop-frame; colons beside a record's semicolons say
        that it is not."""
        source, record = ("".join(times) for times in (self.source, self.record))
        return ";" in source or (bool(self.fcm[0]) and ";" not in record)

    @property
    def says_drop(self) -> bool:
        """Whether the list says how its source's timecode is counted."""
        return self.fcm[0] is not None or ";" in "".join((*self.source, *self.record))

    @property
    def drop_record(self) -> bool:
        """Whether its record's timecode is drop-frame."""
        return self.fcm[1] or ";" in "".join(self.record)


def parse_events(text: str, notes: list[str]) -> tuple[str, list[Event], list[int]]:
    """Title, events in file order, and the numbers of event lines that could not be read.

    Args:
        text: the list.
        notes: what is guessed of the whole list is added to it.
    """
    title = ""
    drop: bool | None = None
    drop_record: bool | None = None
    events: list[Event] = []
    unread: list[int] = []
    for number, line in _behind_events(list(_lines(text)), notes):
        if line.upper().startswith("TITLE:"):
            title = line[6:].strip()
        elif line.upper().startswith("FCM"):
            drop = "NON" not in line.upper()
            drop_record = drop if drop_record is None else drop_record
        elif match := _EVENT.fullmatch(line):
            drop_record = bool(drop_record)
            _append(events, match, number, (drop, drop_record))
        elif line[0].isdigit() or _FOUR_TIMES.fullmatch(line):
            unread.append(number)
        elif events:
            _note(events[-1], line, number)
    return title, events, unread


def _lines(text: str) -> Iterator[tuple[int, str]]:
    # Not splitlines(): that also splits at control characters, which some exports hold.
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        stripped = line.strip(" \t\x00\x1a")
        if stripped:
            yield number, stripped


def _behind_events(lines: list[tuple[int, str]], notes: list[str]) -> list[tuple[int, str]]:
    """The lines, with every comment behind its event.

    Where names stand before the first event, and none behind the last one, they are before theirs.
    """
    places = [place for place, (_, line) in enumerate(lines) if line[0].isdigit()]
    first, last = (places[0], places[-1]) if places else (0, 0)
    if not _names_any(lines[:first]) or _names_any(lines[last:]):
        return lines
    notes.append("its comments stand before the first event: read as those of the event after them")
    ordered: list[tuple[int, str]] = []
    held: list[tuple[int, str]] = []
    is_comment = True
    for number, line in lines:
        after_event = not is_comment
        is_comment = not re.match(r"\d|TITLE:|FCM|M2\s", line, re.IGNORECASE)
        if is_comment and after_event:
            ordered += held
            held = []
        (held if is_comment else ordered).append((number, line))
    return ordered + held


def _names_any(lines: list[tuple[int, str]]) -> bool:
    return any(re.search(r"CLIP NAME\s*:", line, re.IGNORECASE) for _, line in lines)


def _append(
    events: list[Event], match: re.Match[str], line: int, fcm: tuple[bool | None, bool]
) -> None:
    kind = match["kind"].upper()
    event = Event(
        number=match["number"],
        reel=match["reel"],
        channels=_SPELLED.get(match["channels"].upper(), match["channels"].upper()),
        kind="KB" if re.fullmatch(r"K\s?B", kind) else kind[0],
        frames=int(match["frames"] or 0),
        source=(match["a"], match["b"]),
        record=(match["c"], match["d"]),
        line=line,
        fcm=fcm,
    )
    if event.kind in ("D", "W", "K") and events:
        last = events[-1]
        before = "KB" if event.kind == "K" else "C"
        if (last.number, last.channels, last.kind) == (event.number, event.channels, before):
            event.outgoing = last
            if last.record[0] == last.record[1]:
                # Only a mark of where the transition comes from.
                events.pop()
                event.comments = last.comments
            else:
                last.incoming = event
    events.append(event)


def _note(event: Event, line: str, number: int) -> None:
    if motion := _MOTION.fullmatch(line):
        at = motion["at"] or ""
        event.motions.append(Motion(motion["name"], Fraction(motion["speed"]), number, at))
    elif _IS_MOTION.match(line):
        event.motions.append(Motion("", None, number, ""))
    elif _FREEZE.match(line):
        event.freeze = True
    elif reel := _REEL.fullmatch(line) or _FCP_REEL.fullmatch(line):
        event.reels.setdefault(reel["reel"], reel["clip"].strip())
    elif grade := _GRADE.fullmatch(line):
        latest = next(reversed(event.names), "")
        side = event.grades.setdefault("TO" if latest.startswith("TO") else "FROM", {})
        side.setdefault(grade["key"].upper(), grade["value"].strip())
    elif comment := _COMMENT.fullmatch(line):
        key = comment["key"].upper()
        if key == "LOC":
            event.locators.append(comment["value"])
        else:
            key = f"FROM {key}" if key in ("CLIP NAME", "CLIP", "FILE", "FILE PATH") else key
            event.names.setdefault(key, comment["value"].strip())
    event.comments.append(line.lstrip("* "))


def highest_frame(events: list[Event]) -> int:
    """The highest frame count within a second that any timecode has; -1 without timecodes."""
    times = [t for e in events for t in (*e.source, *e.record) if not t.isdigit()]
    return max((int(t[-2:]) for t in times), default=-1)


def frames_of(timecode: str, rate: Fraction, *, drop: bool) -> int:
    """Frames since 00:00:00:00; a plain number is already a count of frames.

    Raises:
        ValueError: the timecode does not exist at this rate.
    """
    if timecode.isdigit():
        return int(timecode)
    nominal = round(rate)
    hours, minutes, seconds, frames = map(int, re.split(r"[:;.,]", timecode))
    if minutes > 59 or seconds > 59 or frames >= nominal:
        raise ValueError(f"{timecode} does not exist at {nominal} frames a second")
    code = Timecode(hours, minutes, seconds, frames, drop or ";" in timecode)
    if code.drop and (rate.denominator == 1 or nominal % 30):
        raise ValueError(f"{timecode} is drop-frame, which {float(rate):.3f} does not have")
    frame = code.frame(rate)
    if Timecode.at(frame, rate, drop=code.drop).minutes != minutes:
        raise ValueError(f"{timecode} is a label that drop-frame leaves out")
    return frame
