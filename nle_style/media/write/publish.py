"""Publish a folder of images, and refuse destinations that would overwrite other files."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from nle_style.durable import part_path, settle, sync, writing_into
from nle_style.errors import InputError, OutputError
from nle_style.media.base import MediaInfo

__all__ = ["publish_folder", "refuse_source"]


def publish_folder(
    destination: Path,
    files: Sequence[Path],
    names: Sequence[str],
    *,
    work: Path,
    confirm: Callable[[Path], None] = lambda folder: None,
) -> None:
    """Make a folder of links to finished files, and replace the old one with it if there is one.

    Args:
        destination: the folder.
        files, names: what is linked, and under which name in it.
        work: a folder on the same volume, in which the new one is made.
        confirm: called with the new folder before the old one is moved away; what it raises
            prevents that.
    Raises: OutputError if the old folder holds files that are not named as frames of this one, or
        the system refuses.
    """
    if destination.exists():
        _refuse_foreign(destination)
    folder = part_path(work / "whole")
    old = part_path(work / "old")
    shutil.rmtree(folder, ignore_errors=True)
    with writing_into(work):
        folder.mkdir()
        for file, name in zip(files, names, strict=True):
            _link(file, folder / name)
        sync(folder)  # before the old folder is moved away and the name is free for a moment
        confirm(folder)
        if destination.exists():
            destination.rename(old)
        settle(folder, destination)
    shutil.rmtree(old, ignore_errors=True)


def _link(file: Path, name: Path) -> None:
    """Link to a unit, which stays in place for a resume; copy it where links are not possible."""
    try:
        os.link(file, name)
    except OSError:
        shutil.copyfile(file, name)
        with contextlib.suppress(OSError):
            shutil.copystat(file, name)
        sync(name)


def refuse_source(destination: Path, source: MediaInfo) -> None:
    """Raises: InputError if writing `destination` would replace or enclose the source."""
    target, origin = destination.resolve(), source.path.resolve()
    same_file = destination.exists() and source.path.exists() and os.path.samefile(target, origin)
    if target == origin or same_file or target in origin.parents:
        raise InputError(
            "the output would replace its own source",
            where=str(destination),
            remedy="Choose another output folder or name; sources are never written to.",
        )


def _refuse_foreign(folder: Path) -> None:
    foreign = [
        path.name for path in folder.iterdir() if not path.name.startswith(f"{folder.name}.")
    ]
    if foreign:
        raise OutputError(
            f"holds files that are not frames of this output ({foreign[0]})",
            where=str(folder),
            remedy="Move them away, or choose another output folder.",
        )
