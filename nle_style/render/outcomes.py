"""What becomes of an item of a job and of a clip of a cut: its name, its words, its exit code.

The console, `--json`, the events, the reports, the dry run and the exit code all take theirs from
here. docs/outcomes.md is the table of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Literal

from nle_style.errors import NleStyleError

__all__ = [
    "READER_GONE",
    "Outcome",
    "exit_code_of",
    "outcome_of",
    "summary",
]

READER_GONE = 141
"""Exit code when nobody reads stdout or stderr any more: 128 + SIGPIPE, as a shell has it."""

_ALL, _SOME = 0, 3


class Outcome(StrEnum):
    """How an item or a clip ended.

    Attributes:
        delivered: painted, checked and published by this run.
        present: the same, by an earlier run; it was checked and left as it is.
        skipped: nothing is asked for it, or it has no picture.
        missing: its media, or a part of them, is not where it should be.
        damaged: its media cannot be decoded to the end, or what was written does not read back.
        refused: anything else that cannot be done as it is asked for.
        cancelled: not finished when the run was stopped.
    """

    delivered = "delivered"
    present = "present"
    skipped = "skipped"
    missing = "missing"
    damaged = "damaged"
    refused = "refused"
    cancelled = "cancelled"

    @property
    def status(self) -> Literal["delivered", "present", "refused"]:
        """The same, coarser: as the event `item` has had it from the first."""
        if self is Outcome.delivered:
            return "delivered"
        return "present" if self is Outcome.present else "refused"

    @property
    def words(self) -> str:
        """As people read it."""
        return _WORDS.get(self, self.value)


_GOOD = (Outcome.delivered, Outcome.present)
_FAILED = (Outcome.missing, Outcome.damaged, Outcome.refused)
_WORDS = {
    Outcome.delivered: "done",
    Outcome.present: "was there already",
    Outcome.skipped: "left as it is",
    Outcome.cancelled: "not finished",
}


def outcome_of(error: NleStyleError | None, *, present: bool = False) -> Outcome:
    """How an item ended.

    Args:
        error: why it failed; None if it did not.
        present: whether it was there already.
    """
    if error is not None:
        return Outcome(error.outcome)
    return Outcome.present if present else Outcome.delivered


def exit_code_of(ends: Iterable[NleStyleError | int | None]) -> int:
    """The exit code of a run: 0 if all is delivered or there, 3 if some is, else the first
    failure's own.

    Args:
        ends: of every item or clip: None if it is delivered, else the error or its exit code.
    """
    ends = list(ends)
    failed = [end if isinstance(end, int) else end.exit_code for end in ends if end is not None]
    if not failed:
        return _ALL
    return _SOME if len(failed) < len(ends) else failed[0]


def summary(counts: Mapping[Outcome, int], *, planned: bool = False) -> str:
    """A run in one line: "5 clips styled (2 were there already), 1 missing, 3 left as they are".

    Args:
        counts: clips by how they ended.
        planned: nothing is rendered yet.
    """
    good = sum(counts.get(each, 0) for each in _GOOD)
    there = counts.get(Outcome.present, 0)
    text = f"{good} clip{'' if good == 1 else 's'} {'to style' if planned else 'styled'}"
    if there:
        verb = ("is" if there == 1 else "are") if planned else ("was" if there == 1 else "were")
        text += f" ({there} {verb} there already)"
    parts = [f"{counts[each]} {each.words}" for each in _FAILED if counts.get(each)]
    if left := counts.get(Outcome.cancelled, 0):
        parts.append(f"{left} {Outcome.cancelled.words}")
    if left := counts.get(Outcome.skipped, 0):
        parts.append(f"{left} left as {'it is' if left == 1 else 'they are'}")
    return ", ".join([text, *parts])
