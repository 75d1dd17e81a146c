"""Find the media of a clip: by its path, by a mapped path, or by name in folders to search."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import opentimelineio as otio

from nle_style.errors import MediaError, TimelineError
from nle_style.sequence_names import of_file
from nle_style.timeline.files.locate import (
    has_files,
    media_path,
    path_readings,
    reference_url,
    split_name,
)
from nle_style.timeline.files.path_maps import PathMaps
from nle_style.timeline.files.spelling import composed
from nle_style.timeline.frames import labelled, usable_range
from nle_style.timeline.parsed import SOURCE_KEY

__all__ = ["MediaFacts", "MediaFinder"]

_Fold = Callable[[str], str]


def _loosely(name: str) -> str:
    return composed(name).casefold()


# How names are compared, the strictest first.
_FOLDS: tuple[_Fold, ...] = (str, composed, _loosely)


@dataclass(frozen=True)
class MediaFacts:
    """What the plan needs to know of a media file.

    Attributes:
        rate: frames per second, exact.
        frame_count: number of frames that can be decoded.
        start_frame: the file's start timecode counted in frames at `rate`; 0 if it has none.
        first_file_number: in the name of an image sequence's first file; None for other media.
        day: frames from midnight to midnight in the file's timecode, where its count begins anew;
            0 if it has none.
    """

    rate: Fraction
    frame_count: int
    start_frame: int
    first_file_number: int | None
    day: int = 0

    def place_of(self, time: Fraction) -> Fraction | None:
        """The position in the file of a time in its timecode, before or after midnight; None if
        the file does not hold it. Both in frames."""
        for place in (time - self.start_frame, time - self.start_frame + self.day):
            if 0 <= place < self.frame_count:
                return place
        return None


class _Found(NamedTuple):
    """A file, or a sequence's pattern; `stem` is its name without extension and number."""

    path: Path
    name: str
    stem: str


class MediaFinder:
    """Finds files for media references.

    In this order: the reference's path under the longest `path_maps` prefix that it starts with;
    the path itself, absolute or relative to the timeline's folder; then a file of the same name
    anywhere under `media_dirs`. A name is compared as it is, then without regard to how its letters
    are composed and to case; a name from an EDL (clip name, source file, reel) also fits a file
    that only adds an extension to it, and the reel that a movie's own tag names. A file found by
    name must agree in timecode with the clip where both are known, and one that agrees is preferred
    to one without timecode. Two files that fit equally well are refused.

    Args:
        folder: what relative paths start from: the timeline's folder.
        media_dirs: folders to search, with everything below them; indexed once, when needed.
        path_maps: prefixes of paths of the editor's machine.
        probe: facts of a media file, for the comparison of timecodes; None compares none.
        reel_of: the reel that a media file says it is from, "" if it says none; asked once for
            each movie, when needed. None asks none.
    """

    def __init__(
        self,
        folder: Path,
        media_dirs: Sequence[Path] = (),
        path_maps: PathMaps | None = None,
        probe: Callable[[Path], MediaFacts] | None = None,
        reel_of: Callable[[Path], str] | None = None,
    ) -> None:
        self._folder = folder
        self._media_dirs = tuple(media_dirs)
        self._maps = path_maps or PathMaps()
        self._probe = probe
        self._reel_of = reel_of

    def find(self, clip: otio.schema.Clip, reference: otio.core.MediaReference) -> Path:
        """The file of a clip's reference, or the printf pattern of its image sequence.

        Args:
            clip: its source range decides between files of the same name.
            reference: an ExternalReference or ImageSequenceReference of the clip.

        Returns:
            An absolute path. Without folders to search it may not exist: then it is the one that
            the reference states.

        Raises:
            TimelineError: no path, a Windows path that no map covers, no fitting file in the
                folders to search, or several. The error does not name the clip.
        """
        url = reference_url(reference)
        mapped = self._maps.here(url)
        for text in filter(None, (mapped, url)):
            found = self._existing(text)
            if found is not None:
                return found
        if not self._media_dirs:
            return media_path(mapped or url, self._folder)
        return self._searched(clip, reference, url)

    def _existing(self, url: str) -> Path | None:
        try:
            path = media_path(url, self._folder)
        except TimelineError:
            return None
        return path if has_files(path) else None

    def _searched(
        self, clip: otio.schema.Clip, reference: otio.core.MediaReference, url: str
    ) -> Path:
        names, loose = _names(reference, url)
        passed: list[Path] = []
        for name in names:
            same_name = self._named(name, loose=loose)
            fitting = self._best(clip, reference, same_name)
            if len(fitting) == 1:
                return fitting[0]
            if fitting:
                raise TimelineError(
                    "several files fit it equally well: " + ", ".join(map(str, fitting)),
                    remedy="Search a narrower folder, or say which with --path-map.",
                )
            passed += same_name
        folders = ", ".join(map(str, self._media_dirs))
        if passed:
            raise TimelineError(
                f"{passed[0]} has its name but not its timecode",
                remedy="Add the folder of the right take with --media.",
            )
        wanted = " or ".join(repr(name) for name in names) or "its media"
        raise TimelineError(
            f"no file named {wanted} is under {folders}",
            remedy="Add its folder with --media, or map its path with --path-map FROM=TO.",
            outcome="missing",
        )

    @cached_property
    def _index(self) -> list[_Found]:
        return list(_files(self._media_dirs))

    @cached_property
    def _by_text(self) -> dict[tuple[str, _Fold, str], list[Path]]:
        """Files by their names and stems, compared in each way: a cut asks thousands of times."""
        found: dict[tuple[str, _Fold, str], list[Path]] = {}
        for file in self._index:
            for part, text in (("name", file.name), ("stem", file.stem)):
                for fold in _FOLDS:
                    found.setdefault((part, fold, fold(text)), []).append(file.path)
        return found

    @cached_property
    def _by_reel(self) -> dict[str, list[Path]]:
        """Movies by the reel that their tag names; each is opened for it once."""
        found: dict[str, list[Path]] = {}
        if self._reel_of is None:
            return found
        for file in self._index:
            if not file.path.is_dir() and of_file(file.name) is None:
                found.setdefault(_loosely(self._reel_of(file.path)), []).append(file.path)
        return found

    def _named(self, name: str, *, loose: bool) -> list[Path]:
        """Files of that name: the strictest comparison that finds any."""
        for part in ("name", "stem") if loose else ("name",):
            for fold in _FOLDS:
                found = self._by_text.get((part, fold, fold(name)))
                if found:
                    return found
        return self._by_reel.get(_loosely(name), []) if loose else []

    def _best(
        self, clip: otio.schema.Clip, reference: otio.core.MediaReference, paths: list[Path]
    ) -> list[Path]:
        """The files that agree in timecode; without any, those of which it is not known."""
        verdicts = [(path, self._agrees(clip, reference, path)) for path in paths]
        agreeing = [path for path, agrees in verdicts if agrees]
        return agreeing or [path for path, agrees in verdicts if agrees is None]

    def _agrees(
        self, clip: otio.schema.Clip, reference: otio.core.MediaReference, path: Path
    ) -> bool | None:
        """Whether the file's timecode holds the clip's in-point; None if that is not known."""
        if self._probe is None:
            return None
        try:
            facts = self._probe(path)
        except MediaError:
            return None
        available = usable_range(reference)
        wanted = clip.source_range or available
        if wanted is None or facts.start_frame == 0:
            return None
        first = labelled(wanted.start_time, facts.rate)
        if available is not None and available.start_time.value == 0:
            # The timeline counts from the file's first frame and not in its timecode.
            return None
        return facts.place_of(first) is not None


def _names(reference: otio.core.MediaReference, url: str) -> tuple[list[str], bool]:
    """Names that the file may have, likeliest first, and whether extensions may be missing."""
    listed = reference.metadata.get(SOURCE_KEY, {}).get("names")
    texts = [str(n) for n in listed] if listed else [url]
    found: dict[str, None] = {}
    for text in filter(None, texts):
        # A sequence's pattern comes last among the readings, and is the one in the index.
        for reading in reversed(path_readings(text)):
            found[split_name(reading)[1]] = None
    return [name for name in found if name], bool(listed)


def _files(folders: Iterable[Path]) -> Iterator[_Found]:
    """Every file below the folders, in order, once; numbered images as patterns too."""
    seen: set[str] = set()
    for top in folders:
        for folder, below, names in os.walk(os.path.abspath(top)):
            below[:] = sorted(b for b in below if not b.startswith("."))
            if folder in seen:
                continue
            seen.add(folder)
            names = sorted(name for name in names if not name.startswith("."))
            yield from (_Found(Path(folder, n), n, n.rpartition(".")[0]) for n in names)
            for sequence, count in Counter(map(of_file, names)).items():
                if sequence is not None and count > 1:
                    name = sequence.pattern
                    yield _Found(Path(folder, name), name, sequence.before.rstrip("._-"))
