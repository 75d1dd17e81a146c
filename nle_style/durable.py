"""Files that stand under their names only when they are whole, also after a kill or a power cut.

A file is written as `NAME.part-PID` first, then put on the disk and renamed. What is killed on the
way leaves its part file, which `sweep_parts` takes away once that process is gone.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from nle_style.errors import OutputError

__all__ = [
    "append_lines",
    "check_folder",
    "file_sha256",
    "folder_for_results",
    "make_folders",
    "part_path",
    "replacing",
    "settle",
    "sweep_parts",
    "sync",
    "write_file",
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


def sync(path: Path) -> None:
    """Have the system put a file, or a folder's list of names, on the disk.

    Windows opens no folder as a file, and keeps names in the journal of NTFS: nothing is done for
    a folder there. It flushes only what is open for writing. Sources: fsync(2); Microsoft's
    FlushFileBuffers.

    Raises: OSError.
    """
    windows = sys.platform == "win32"
    if windows and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDWR if windows else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def settle(part: Path, path: Path) -> None:
    """Put a written file or folder on the disk, then give it its name, and put that on the disk.

    Without the first the name can come to stand for an empty file, without the last for the old
    one: the system may write data and names in any order. Source: fsync(2), rename(2).

    Raises: OSError.
    """
    sync(part)
    os.replace(part, path)
    sync(path.parent)


def part_path(path: Path, suffix: str = "") -> Path:
    """The name under which this process writes `path` before it is whole: `NAME.part-PID`.

    Args:
        suffix: stands at its end, for libraries that know a format by it.
    """
    return path.with_name(f"{path.name}.part-{os.getpid()}{suffix}")


@contextlib.contextmanager
def writing_into(place: Path, *refusals: type[Exception]) -> Iterator[None]:
    """Turn what the system refuses to the block into an OutputError, which says what to do.

    Args:
        place: the file or folder that the error names.
        refusals: a library's own errors that mean a refusal, beside OSError.
    Raises: OutputError.
    """
    kinds: tuple[type[Exception], ...] = (OSError, *refusals)
    try:
        yield
    except kinds as error:
        raise _refused("cannot be written", place, error) from error


def _refused(what: str, place: Path, error: Exception) -> OutputError:
    try:
        there = next(each for each in (place, *place.parents) if each.exists())
        free = f"{shutil.disk_usage(there).free / 1e6:.0f} MB free"
    except OSError:
        free = "free space unknown"
    return OutputError(
        f"{what} ({getattr(error, 'strerror', None) or error}; {free})",
        where=str(place),
        remedy=_REMEDIES.get(
            getattr(error, "errno", None) or 0,
            "Check the folder and its volume, or choose another one with -o.",
        ),
    )


@contextlib.contextmanager
def replacing(path: Path, part: Path | None = None, *refusals: type[Exception]) -> Iterator[Path]:
    """A file that is written whole or not at all: the block writes to the path that it is given.

    It gets its name when the block ends. If anything is raised the part file is removed, and what
    stood under the name stays.

    Args:
        part: where the block writes, on the same volume. None: beside `path`, whose folder is made
            if it is not there.
        refusals: as of `writing_into`.
    Raises: OutputError if the system refuses.
    """
    with writing_into(path, *refusals):
        if part is None:
            part = part_path(path)
            _make_folders(path.parent)
        part.unlink(missing_ok=True)
        try:
            yield part
            settle(part, path)
        finally:
            with contextlib.suppress(OSError):
                part.unlink()


def write_file(path: Path, data: bytes | str) -> None:
    """Write a file whole or not at all, text as UTF-8; its folder is made if it is not there.

    Raises: OutputError if the system refuses.
    """
    with replacing(path) as part:
        part.write_bytes(data.encode() if isinstance(data, str) else data)


def append_lines(path: Path, lines: Iterable[str]) -> tuple[os.stat_result, os.stat_result]:
    """Add lines to a file, and wait until they and its name are on the disk. A last line that a
    crash has cut off is ended first.

    Returns: what the system said of the file before and after.
    Raises: OutputError if the folder or the disk refuses.
    """
    new = not path.exists()
    with writing_into(path):
        with path.open("ab+") as file:
            before = os.fstat(file.fileno())
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    file.write(b"\n")
            file.write("".join(f"{line}\n" for line in lines).encode())
            file.flush()
            os.fsync(file.fileno())
            after = os.fstat(file.fileno())
        if new:
            sync(path.parent)
    return before, after


@contextlib.contextmanager
def folder_for_results(folder: Path) -> Iterator[None]:
    """Make a folder for the block; of what was made, what is still empty at its end is removed.

    Raises: OutputError if the system refuses.
    """
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        make_folders(folder)
        yield
    finally:
        with contextlib.suppress(OSError):
            for each in missing:
                each.rmdir()  # refused unless it is empty


def make_folders(folder: Path) -> None:
    """Make a folder, with those above it, so that a power cut does not take their names away.

    Raises: OutputError if the system refuses.
    """
    try:
        _make_folders(folder)
    except OSError as error:
        raise _refused("the output folder cannot be made", folder, error) from error


def check_folder(folder: Path) -> None:
    """Refuse a folder that is not there, or that cannot be written to, before work is put into it.

    Raises: OutputError.
    """
    if not folder.is_dir():
        raise OutputError(
            "there is no such folder", where=str(folder), remedy="Make it, or choose another."
        )
    if not os.access(folder, os.W_OK):
        # Of a volume that is mounted read-only the system says so too.
        read_only = os.statvfs(folder).f_flag & os.ST_RDONLY if hasattr(os, "statvfs") else 0
        code = errno.EROFS if read_only else errno.EACCES
        raise _refused("cannot be written to", folder, OSError(code, os.strerror(code)))


def _make_folders(folder: Path) -> None:
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in missing:
        sync(each.parent)


def sweep_parts(folder: Path, of: str = "") -> tuple[Path, ...]:
    """Remove the part files in `folder` whose process is gone; those of living ones stay.

    Args:
        of: the name of the file that they are parts of; "" for all of them.
    Returns: what was removed. Raises: OutputError if one cannot be.
    """
    removed = []
    prefix = f"{of}.part-" if of else ""
    with writing_into(folder):
        for path in sorted(folder.iterdir()):
            match = _PART.search(path.name)
            stale = match is not None and not _is_alive(int(match[1]))
            if not (stale and path.name.startswith(prefix)):
                continue
            shutil.rmtree(path) if path.is_dir() else path.unlink()
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


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal. Raises: OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
