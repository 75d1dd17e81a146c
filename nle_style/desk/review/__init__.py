"""Judging: what was rendered of a cut, source beside painting, and what is said of it."""

from __future__ import annotations

from nle_style.desk.review.entries import Entry, look_words, read_entries, timelines_in_folder
from nle_style.desk.review.exports import notes_csv, write_markers
from nle_style.desk.review.folder import review_timeline, write_review
from nle_style.desk.review.page_data import entry_data
from nle_style.desk.review.proxy import proxy_name, proxy_of, still, write_proxy
from nle_style.desk.review.sides import Pictures, Side, pictures_of
from nle_style.desk.review.verdicts import Decision, Verdict, Verdicts, verdicts_path

__all__ = [
    "Decision",
    "Entry",
    "Pictures",
    "Side",
    "Verdict",
    "Verdicts",
    "entry_data",
    "look_words",
    "notes_csv",
    "pictures_of",
    "proxy_name",
    "proxy_of",
    "read_entries",
    "review_timeline",
    "still",
    "timelines_in_folder",
    "verdicts_path",
    "write_markers",
    "write_proxy",
    "write_review",
]
