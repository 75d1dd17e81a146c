"""What became of every clip, as it was read back."""

import json
import os

__all__ = ["ClipReport", "summary", "write_report"]

STATES = ("placed", "added", "in bin", "left alone", "failed", "removed")


class ClipReport:
    """One clip's line.

    Args:
        name, track, start: as in `selection.Picked`.

    Attributes:
        state: one of STATES: "placed" was read back from the timeline; "added": a take that is not
            selected; "in bin" from the Media Pool; "left alone": refused before anything was done;
            "failed": tried, and as before; "removed": undone.
        why: the reason, "" if all is well.
        notes: what an editor should know.
        path: the intermediate's.
        frames: (first, last) of the media that the clip shows, or None.
    """

    def __init__(self, name, track, start):
        self.name = name
        self.track = track
        self.start = start
        self.state = "left alone"
        self.why = ""
        self.notes = []
        self.path = ""
        self.frames = None

    def end(self, state, why=""):
        """Settle the state; returns itself."""
        self.state = state
        self.why = why
        return self

    def line(self):
        """One line for people."""
        text = f"V{self.track} {self.start} {self.name}: {self.state}"
        rest = "; ".join([self.why] * bool(self.why) + self.notes)
        return f"{text}: {rest}" if rest else text


def summary(reports):
    """ "3 placed, 1 left alone": the states that occur, in the order of STATES."""
    counts = [(sum(report.state == state for report in reports), state) for state in STATES]
    return ", ".join(f"{count} {state}" for count, state in counts if count) or "nothing was done"


def write_report(reports, job, folder):
    """Keep the report as JSON in the job's folder; returns its path.

    Raises:
        OSError: the disk or its rights.
    """
    path = os.path.join(folder, "report.json")
    data = {"job": job, "clips": [vars(report) for report in reports]}
    with open(path, "w", encoding="utf-8") as file:
        json.dump(data, file, indent=2, ensure_ascii=False)
    return path
