"""Every error that nle_style raises on purpose, in one tree.

    NleStyleError                 any of ours; has .what, .where, .remedy, .outcome and .exit_code
    ├── InputError                exit 2: what the user gave cannot be used as it is
    │   ├── MediaError            a movie, sequence or image cannot be found, read or trusted
    │   ├── TimelineError         a timeline, or one clip in it, cannot be planned or relinked
    │   ├── LookError             an unknown style, a strength out of range, an empty mix
    │   ├── PackError             a style pack or its card is missing, damaged or foreign
    │   ├── JobError              a job file does not say what a job must say
    │   └── TrainingError         posters, photos, VGG weights or a checkpoint do not fit
    ├── OutputError               exit 2: the result cannot be written (folder, rights, disk full)
    ├── VerificationError         exit 1: what was painted or written is not as it was meant
    └── Cancelled                 exit 130: the user asked to stop; what is done is kept

Anything else that escapes is a defect of ours and ends with exit 1 and a traceback.
This module imports nothing from the package, so that every room may import it.
"""

from __future__ import annotations

from typing import Literal

__all__ = [
    "Cancelled",
    "Failure",
    "InputError",
    "JobError",
    "LookError",
    "MediaError",
    "NleStyleError",
    "OutputError",
    "PackError",
    "TimelineError",
    "TrainingError",
    "VerificationError",
]


Failure = Literal["missing", "damaged", "refused", "cancelled"]


class NleStyleError(Exception):
    """One clear message: what is wrong, where, and what to do about it.

    Args:
        what: the fault in one clause, without a full stop ("unknown style 'bleu'").
        where: the file, clip, option or line that it was found in; "" if there is none.
        remedy: one sentence the user can act on; "" if nothing can be done.
        outcome: what becomes of the clip that it befalls, see `render.outcomes`; None for that of
            the class.
    """

    exit_code = 1
    outcome: Failure = "refused"

    def __init__(
        self, what: str, *, where: str = "", remedy: str = "", outcome: Failure | None = None
    ) -> None:
        if outcome is not None:
            self.outcome = outcome
        self.what = what
        self.where = where
        self.remedy = remedy
        super().__init__(str(self))

    @property
    def fault(self) -> str:
        """What is wrong and where, without the remedy."""
        return f"{self.where}: {self.what}" if self.where else self.what

    def as_data(self) -> dict[str, str]:
        """Plain data: `outcome`, `reason` and `remedy`."""
        return {"outcome": self.outcome, "reason": self.fault, "remedy": self.remedy}

    def __str__(self) -> str:
        return f"{self.fault}. {self.remedy}" if self.remedy else self.fault


class InputError(NleStyleError):
    """What the user gave cannot be used as it is."""

    exit_code = 2


class MediaError(InputError):
    """A movie, sequence or image cannot be found, read or trusted."""


class TimelineError(InputError):
    """A timeline, or one clip in it, cannot be planned or relinked."""


class LookError(InputError):
    """An unknown style, a control out of its range, or an empty mix."""


class PackError(InputError):
    """A style pack or its card is missing, damaged or of another kind."""


class JobError(InputError):
    """A job file does not say what a job must say."""


class TrainingError(InputError):
    """Posters, photos, VGG weights or a checkpoint do not fit."""


class OutputError(NleStyleError):
    """The result cannot be written: the folder, its rights, or the disk."""

    exit_code = 2


class VerificationError(NleStyleError):
    """What was painted is no picture, or what was written does not read back as it was meant."""

    outcome: Failure = "damaged"


class Cancelled(NleStyleError):
    """The user asked to stop; everything already rendered is kept."""

    exit_code = 130
    outcome: Failure = "cancelled"
