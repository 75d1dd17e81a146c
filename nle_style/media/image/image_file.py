"""Write one frame as an image file, keeping what else the source's file of that frame holds."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from nle_style.errors import OutputError
from nle_style.media.base import MediaInfo, OutputSpec, gone
from nle_style.media.image.dpx import write_dpx
from nle_style.media.image.exr import write_exr
from nle_style.media.image.plain_image import write_plain

__all__ = ["write_image"]


def write_image(
    path: Path,
    pixels: np.ndarray,
    spec: OutputSpec,
    source: MediaInfo,
    frame: int,
    name: str,
    metadata: Mapping[str, str],
) -> None:
    """Write one quantised frame as EXR, DPX, PNG or TIFF; see `write_exr`, `write_dpx` and
    `write_plain`.

    Args:
        pixels: height x width x 3, or x 4 if `spec.alpha`, of `spec.dtype`.
        frame: zero-based frame of `source`.
        name: of the finished file.
        metadata: text attributes; DPX and TIFF have no place for them.
    Raises: OutputError if it cannot be written; OSError (ENOSPC) if the disk is full; MediaError
        if the source's file cannot be read.
    """
    file = source.file_of(frame)
    same_kind = source.kind != "movie" and file.suffix.lower() == spec.extension
    original = file if same_kind else None
    changed = _modified(file)
    try:
        if spec.codec == "openexr":
            write_exr(path, pixels, spec, source, frame, metadata, changed, original)
        elif spec.codec == "dpx":
            write_dpx(path, pixels, spec, source, frame, name, changed, original)
        else:
            write_plain(path, pixels, spec, source, frame, metadata, changed)
    except OutputError as error:
        if shutil.disk_usage(path.parent).free < pixels.nbytes:  # the libraries keep no errno
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
        raise OutputError(
            f"cannot be written ({error.what})",
            where=str(path),
            remedy="Check the space and the rights in the folder; a resumed run goes on from here.",
        ) from error


def _modified(file: Path) -> str:
    """When the source's file was last modified, as image headers write it.

    Without it the libraries write the present time, and the same frame would give other bytes.
    """
    try:
        modified = file.stat().st_mtime
    except OSError as error:
        raise gone(file, error) from error
    return datetime.fromtimestamp(modified, UTC).strftime("%Y:%m:%d %H:%M:%S")
