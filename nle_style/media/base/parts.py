"""Files that appear under their name only when they are whole.

Everything is written as `NAME.part-<pid>.EXT` first, verified, flushed to the disk and renamed.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import av.error

from nle_style.durable import settle, sync
from nle_style.errors import OutputError

__all__ = [
    "file_sha256",
    "make_folders",
    "part_path",
    "sweep_parts",
    "write_text",
    "writing_into",
]

_PART = re.compile(r"\.part-(\d+)(?=\.|$)")
_REMEDIES = {
    errno.ENOSPC: "Free some space or choose another folder, then run it again: it resumes.",
    errno.EDQUOT: "Free some of your quota or choose another folder, then run it again.",
    errno.EROFS: "The volume is read-only; choose another folder.",
    errno.EACCES: "Give yourself the right to write there, or choose another folder.",
    errno.EPERM: "Give yourself the right to write there, or choose another folder.",
}


def part_path(path: Path) -> Path:
    """The name under which this process writes `path` before it is whole."""
    return path.with_name(f"{path.stem}.part-{os.getpid()}{path.suffix}")


@contextlib.contextmanager
def writing_into(folder: Path, part: Path) -> Iterator[None]:
    """Turn what the system refuses into an OutputError naming folder, free space and remedy.

    Whatever goes wrong, the part file is removed.
    """
    try:
        yield
    except BaseException as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        if isinstance(error, (OSError, av.error.FFmpegError)):
            raise _output_error(folder, error) from error
        raise


def _output_error(folder: Path, error: OSError | av.error.FFmpegError) -> OutputError:
    try:
        free = f"{shutil.disk_usage(folder).free / 1e6:.0f} MB free"
    except OSError:
        free = "free space unknown"
    code = error.errno or 0
    return OutputError(
        f"cannot be written to ({error.strerror or error}; {free})",
        where=str(folder),
        remedy=_REMEDIES.get(code, "Check the folder and its volume, or choose another one."),
    )


def make_folders(folder: Path) -> None:
    """Make a folder, with those above it, so that a power cut does not take their names away.

    Raises: OSError.
    """
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in missing:
        sync(each.parent)


def write_text(path: Path, text: str) -> None:
    """Write a file of UTF-8 text, whole or not at all.

    Raises: OutputError if the folder or the disk refuses.
    """
    part = part_path(path)
    with writing_into(path.parent, part):
        part.write_text(text, encoding="utf-8")
        settle(part, path)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sweep_parts(folder: Path) -> tuple[Path, ...]:
    """Remove the part files in `folder` whose process is gone; those of living ones stay.

    Returns: what was removed. Raises: OutputError if one cannot be.
    """
    removed = []
    for path in sorted(folder.iterdir()):
        match = _PART.search(path.name)
        if match is None or _is_alive(int(match[1])):
            continue
        try:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        except OSError as error:
            raise _output_error(folder, error) from error
        removed.append(path)
    return tuple(removed)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
