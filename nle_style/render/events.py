"""The events of a run: one JSON object a line for programs, a progress bar for people."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

from nle_style.errors import Cancelled

__all__ = [
    "Done",
    "Event",
    "Failed",
    "FramePainted",
    "ItemEnded",
    "OnEvent",
    "Scanning",
    "Started",
    "Stopped",
    "Warned",
    "Written",
    "as_json",
]


@dataclass(frozen=True)
class Event:
    """Base of all events; `kind` is the "event" of the JSON line."""

    kind: ClassVar[str] = ""


@dataclass(frozen=True)
class Started(Event):
    """The job is planned and begins.

    Attributes:
        items: how many it has.
        frames: to be painted, over all items.
    """

    kind: ClassVar[str] = "started"
    items: int
    frames: int


@dataclass(frozen=True)
class Scanning(Event):
    """Every 24 frames while the cuts of an item are detected, before its first frame is painted.

    Attributes:
        item: its index in the job, from 0.
        name: the intermediate's file name.
        frame: the source frame just read.
        item_done, item_frames: frames of this item that were read, and all of them.
    """

    kind: ClassVar[str] = "scanning"
    item: int
    name: str
    frame: int
    item_done: int
    item_frames: int


@dataclass(frozen=True)
class FramePainted(Event):
    """After every painted frame.

    Attributes:
        item: its index in the job, from 0.
        name: the intermediate's file name.
        frame: the source frame just painted.
        item_done, item_frames: frames of this item, those of an earlier run included.
        done, frames: the same over all items.
        frames_per_second: of this run; 0 before the second frame.
        seconds_left: estimate, or None before there is one.
    """

    kind: ClassVar[str] = "progress"
    item: int
    name: str
    frame: int
    item_done: int
    item_frames: int
    done: int
    frames: int
    frames_per_second: float
    seconds_left: float | None


@dataclass(frozen=True)
class Warned(Event):
    """Something that an editor must know; the render goes on.

    Attributes:
        item: that it is about, by its index in the job.
        outcome: of the clip of a cut that this refuses, see `outcomes.Outcome`; else "".
    """

    kind: ClassVar[str] = "warning"
    message: str
    item: int | None = None
    outcome: str = ""


@dataclass(frozen=True)
class ItemEnded(Event):
    """One item's end.

    Attributes:
        item: its index in the job, from 0.
        status: `delivered`, `present` (rendered before, checked, left as it is), or `refused` with
            the `message`.
        path, frames: of its intermediate.
        report: path of its report (docs/report.md), or "".
        outcome: the same as `status`, but that a refused item is `missing`, `damaged` or `refused`.
    """

    kind: ClassVar[str] = "item"
    item: int
    source: str
    status: Literal["delivered", "present", "refused"]
    path: str = ""
    frames: int = 0
    message: str = ""
    report: str = ""
    outcome: str = ""


@dataclass(frozen=True)
class Written(Event):
    """A file that was written beside the intermediates and their reports.

    Attributes:
        what: `timeline` (a relinked one, or a list to relink by), `report`, `picture` or `review`.
    """

    kind: ClassVar[str] = "written"
    path: str
    what: Literal["timeline", "report", "picture", "review"]


@dataclass(frozen=True)
class Done(Event):
    """The job's end.

    Attributes:
        delivered, present, refused: how many items.
        exit_code: the process's.
        missing, damaged: of the refused.
        clips: of a cut: how many clips by their outcome, see `outcomes.Outcome`; None of a job.
    """

    kind: ClassVar[str] = "done"
    delivered: int
    present: int
    refused: int
    exit_code: int
    missing: int = 0
    damaged: int = 0
    clips: dict[str, int] | None = None


@dataclass(frozen=True)
class Failed(Event):
    """The job cannot continue; what is finished is kept."""

    kind: ClassVar[str] = "error"
    message: str
    exit_code: int


@dataclass(frozen=True)
class Stopped(Event):
    """The job was cancelled; what is finished is kept and the same command continues from there.

    Attributes:
        delivered, present, refused: how many items had ended.
        unfinished: how many had not.
    """

    kind: ClassVar[str] = "cancelled"
    message: str
    delivered: int = 0
    present: int = 0
    refused: int = 0
    unfinished: int = 0
    exit_code: int = Cancelled.exit_code


OnEvent = Callable[[Event], None]


def as_json(event: Event) -> str:
    """An event as one line of JSON, without the newline."""
    data: dict[str, Any] = {"event": event.kind, **asdict(event)}
    return json.dumps(data, ensure_ascii=False)
