"""What a job writes, checked before anything of it starts, and again before a result gets its name:
nothing that the job reads, and nothing that nle-style did not make, is written over.

A result is ours if its manifest has the fingerprint of its files, and a report if it has the hash.
An empty file counts as none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from nle_style.durable import file_sha256, part_path
from nle_style.errors import MediaError, NleStyleError
from nle_style.media.base import find_sequence, is_pattern
from nle_style.ownership import Inputs, holds_nothing, refuse_foreign
from nle_style.render.job import Control, RenderJob
from nle_style.render.plan.item_plan import ItemPlan
from nle_style.render.record import is_report_of, report_path
from nle_style.shipped import find_pack

__all__ = ["check_outputs", "files_read"]

_WORK = re.compile(r"(unit|kept|fill|part)-.+|(whole|old)\.part-.+|(measured|statistics)\..+")
_LOCK = re.compile(rb"(\d+\s+\S*\s*)?")  # of a system that locks by the file's presence


def files_read(job: RenderJob) -> Iterator[Path]:
    """The files that a job reads, and what is found of sequences; those that are not there too."""
    for item in job.items:
        mattes = (item.matte, *(layer.matte for layer in item.layers))
        for source in (item.source, *(matte.source for matte in mattes if matte is not None)):
            if not is_pattern(source):
                yield source
                continue
            with suppress(MediaError):
                yield from (path for _, path in find_sequence(source).paths())
    with suppress(NleStyleError):
        pack = find_pack(job.pack)
        yield from (pack, pack.with_suffix(".yaml"))
    if job.colour.ocio is not None:
        yield job.colour.ocio


def check_outputs(plans: Iterable[ItemPlan], inputs: Inputs, control: Control) -> None:
    """Refuse a job of which a result, or what lies beside it, would be written over a file that is
    read, or that nle-style did not make.

    Args:
        plans: what would be rendered.
        inputs: what is read.
        control: of the job. `overwrite` gives way to files under the results' own names; other
            files in a sequence's folder stay all the same.

    Raises: InputError that names the files.
    """
    foreign: list[Path] = []
    for plan in plans:
        report = report_path(plan.manifest)
        beside = (plan.manifest.path, report, part_path(report), plan.work, plan.lock)
        for path in (plan.destination, *beside):
            inputs.refuse(path, plan.info.path)
        present = control.resume and plan.is_present()
        if not present:
            foreign += _never_replaced(plan)
        if not control.overwrite:
            foreign += _foreign(plan, report, present=present)
    refuse_foreign(foreign)


def _never_replaced(plan: ItemPlan) -> Iterator[Path]:
    """A folder where a movie would be, and files of other names in a sequence's folder."""
    destination = plan.destination
    if destination.is_dir() and not plan.spec.sequence:
        yield destination
    elif destination.is_dir():
        yield from (
            file
            for file in destination.iterdir()
            if not file.name.startswith(f"{destination.name}.") or file.is_dir()
        )


def _foreign(plan: ItemPlan, report: Path, *, present: bool) -> Iterator[Path]:
    """What is not ours of the files that a render would write over."""
    manifest = plan.manifest.file
    if manifest.is_foreign():
        yield plan.manifest.path
    # Of what is present only the report is written; that it cannot be is a warning then.
    keeps_report = present and (report.is_dir() or is_report_of(report, plan.manifest.key))
    if not (keeps_report or holds_nothing(report) or manifest.has_written(report)):
        yield report
    if present:
        return
    yield from _foreign_results(plan)
    if plan.work.is_symlink() or (plan.work.exists() and not plan.work.is_dir()):
        yield plan.work
    elif plan.work.is_dir():
        yield from (path for path in plan.work.iterdir() if not _WORK.fullmatch(path.name))
    if not (holds_nothing(plan.lock) or _is_lock(plan.lock)):
        yield plan.lock


def _foreign_results(plan: ItemPlan) -> Iterator[Path]:
    """What is not ours under a result's name: the movie, or files of a sequence."""
    destination, manifest = plan.destination, plan.manifest.file
    if holds_nothing(destination):
        return
    files = plan.output_files()
    plain = [file for file in files if file.is_file() and not file.is_symlink()]
    if destination.is_symlink() or destination.is_dir() != plan.spec.sequence:
        yield destination
    elif len(plain) == len(files) and manifest.has_published(files):
        return
    elif not plan.spec.sequence:
        yield destination
    else:  # some of its files may be missing; the others must be what was written
        hashes = manifest.hashes()
        for file in files:
            number = file.stem.removeprefix(f"{destination.name}.")
            ours = hashes.get(int(number), set()) if number.isdecimal() else set()
            if file not in plain or not _has_hash(file, ours):
                yield file


def _has_hash(file: Path, hashes: set[str]) -> bool:
    try:
        return bool(hashes) and file_sha256(file) in hashes
    except OSError:
        return False


def _is_lock(path: Path) -> bool:
    try:
        return not path.is_symlink() and bool(_LOCK.fullmatch(path.read_bytes()[:1024]))
    except OSError:
        return False
