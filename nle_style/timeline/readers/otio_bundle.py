"""Bundles: content.otio and its media under media/, in a zip (.otioz) or a folder (.otiod).

Not through OpenTimelineIO's own reader: it refuses a folder that already holds the media, as that
of a render that is started again does, and it extracts everything else in the zip too.
"""

from __future__ import annotations

import shutil
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from nle_style.durable import replacing
from nle_style.errors import TimelineError

__all__ = ["opened", "unpack"]

_PLAYLIST = "content.otio"
_MEDIA = "media"
_CHUNK = 1 << 20


def opened(path: Path) -> str:
    """The text of an .otio, or of the timeline in an .otiod.

    Raises:
        TimelineError: it cannot be read, or there is no content.otio in the folder.
    """
    is_bundle = path.is_dir()
    try:
        return (path / _PLAYLIST if is_bundle else path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        what = "not a whole .otiod" if is_bundle else "the file cannot be read as text"
        raise TimelineError(
            f"{what} ({error})",
            where=str(path),
            remedy="Check its rights, or export the timeline again.",
        ) from error


def unpack(bundle: Path, folder: Path) -> str:
    """Unpack the media of an .otioz and return the text of its timeline.

    Every file appears under its name only when it is whole. A file that is already there with
    the right content is kept; one with other content is refused, never overwritten.

    Args:
        bundle: the .otioz.
        folder: where media/ is put, so that the timeline's relative URLs hold; made if absent.

    Returns:
        The content.otio inside, as text.

    Raises:
        TimelineError: not a zip, no timeline in it, damaged, a member outside media/, or a
            different file of the same name already in `folder`.
        OutputError: the disk or its rights.
    """
    try:
        with zipfile.ZipFile(bundle) as archive:
            text = archive.read(_PLAYLIST).decode("utf-8-sig")
            for member in archive.infolist():
                if member.filename.startswith(f"{_MEDIA}/") and not member.is_dir():
                    _unpack_member(archive, member, folder, bundle)
    # KeyError: no content.otio inside. RuntimeError: an encrypted or unknown compression.
    except (
        *(zipfile.BadZipFile, zlib.error, EOFError, ValueError, KeyError, RuntimeError, OSError),
    ) as error:
        raise TimelineError(
            f"not a whole .otioz ({error})",
            where=str(bundle),
            remedy="Export or copy the bundle again.",
        ) from error
    return text


def _unpack_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path, bundle: Path
) -> None:
    if ".." in PurePosixPath(member.filename).parts or "\\" in member.filename:
        raise TimelineError(
            f"the bundle holds {member.filename!r}, which would land outside its media folder",
            where=str(bundle),
            remedy="Do not trust this bundle; ask for a new one.",
        )
    target = folder / member.filename
    if target.exists():
        if target.stat().st_size == member.file_size and _crc32(target) == member.CRC:
            return
        raise TimelineError(
            f"{target} already exists and is not the bundle's",
            where=str(bundle),
            remedy="Unpack into an empty folder.",
        )
    with replacing(target) as part, archive.open(member) as packed, part.open("wb") as plain:
        shutil.copyfileobj(packed, plain, _CHUNK)


def _crc32(path: Path) -> int:
    crc = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            crc = zlib.crc32(chunk, crc)
    return crc
