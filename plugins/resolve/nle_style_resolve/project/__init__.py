"""What is changed in the project: imported, placed, marked, reported, and put back."""

from .bin import Bin, NotImported
from .marking import mark
from .placing import NotPlaced, Tracks, add_take
from .report import ClipReport, summary, write_report
from .state import kept
from .undo import jobs_in, remove_styled

__all__ = [
    "Bin",
    "ClipReport",
    "NotImported",
    "NotPlaced",
    "Tracks",
    "add_take",
    "jobs_in",
    "kept",
    "mark",
    "remove_styled",
    "summary",
    "write_report",
]
