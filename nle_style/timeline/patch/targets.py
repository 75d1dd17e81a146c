"""What is to be shown in the place of which medium of an XML timeline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Protocol

from nle_style.errors import TimelineError
from nle_style.timeline.files import media_path

__all__ = ["ClipKey", "Locate", "Replacement", "Targets", "locator", "settle_targets"]

ClipKey = str | int
Locate = Callable[[str], Path | None]


@dataclass(frozen=True)
class Replacement:
    """One medium, and what is to be shown in its place.

    Attributes:
        source: the media's absolute path, as the timeline's text resolves to it.
        target: the intermediate's absolute path. It must have the source's length, rate and
            timecode: in and out points, speeds and keyframes stay as they are and count its frames.
        clips: the clips that it is for: the `id` of a clip element (FCPXML: of an asset, for all
            its uses), or the line on which the clip's element starts. None: every use.
    """

    source: Path
    target: PurePath
    clips: frozenset[ClipKey] | None = None


def locator(folder: Path, locate: Locate | None) -> Locate:
    """The function from a timeline's text to a path; None for a path of another machine."""

    def find(url: str) -> Path | None:
        try:
            return media_path(url.strip(), folder)
        except TimelineError:
            return None

    return locate or find


class Targets:
    """Which replacement a clip gets, and whether every replacement found a clip.

    Where several fit a clip, the first one counts.

    Args:
        replacements: what is asked for.
        lines: the line of every clip, to see whether a line names one of them.

    Raises:
        TimelineError: a replacement names a line on which several clips start.
    """

    def __init__(self, replacements: Sequence[Replacement], lines: Iterable[int]) -> None:
        self._replacements = tuple(replacements)
        self._used: set[tuple[int, ClipKey | None]] = set()
        starting = Counter(lines)
        for key in (key for item in self._replacements for key in item.clips or ()):
            if isinstance(key, int) and starting[key] > 1:
                raise TimelineError(
                    "several clips start on this line, so it does not name one of them",
                    where=f"line {key}",
                    remedy="Give all clips of this file the same look, or relink the .otio.",
                )

    def of(self, source: Path | None, keys: Collection[ClipKey]) -> PurePath | None:
        """The target of a use of `source` by a clip that goes by any of `keys`."""
        target = None
        for number, item in enumerate(self._replacements):
            if source is None or item.source != source:
                continue
            named = {None} if item.clips is None else item.clips.intersection(keys)
            # A replacement for every use counts as used even if others took all of them.
            if item.clips is None or target is None:
                self._used.update((number, key) for key in named)
            target = item.target if named and target is None else target
        return target

    def check_all_used(self) -> None:
        """Raises TimelineError for a replacement whose media or clip is not in the file."""
        for number, item in enumerate(self._replacements):
            for key in (None,) if item.clips is None else sorted(item.clips, key=str):
                if (number, key) not in self._used:
                    place = "line " if isinstance(key, int) else "clip "
                    raise TimelineError(
                        f"no clip here shows {item.source}, or another replacement comes first",
                        where="" if key is None else f"{place}{key}",
                        remedy="Plan the timeline and render again.",
                    )


class Use(Protocol):
    """A place in the file that refers to a medium.

    Attributes:
        active: whether a sequence shows its picture.
        target: what is to be shown in the medium's place; None for the medium itself.
    """

    active: bool
    target: PurePath | None


def settle_targets(uses: Sequence[Use], alone: PurePath | None = None) -> PurePath | None:
    """What takes the place of one medium in its definition; None if that stays as it is.

    It is the target of all active uses, if they have the same; of a medium that nothing uses it is
    `alone`. Uses that are not active (sound, clips in bins) and have no target get that one.
    """
    deciding = [use for use in uses if use.active] or uses
    targets = [use.target for use in deciding] or [alone]
    common = None if None in targets else targets[0]
    for use in uses:
        if use not in deciding and use.target is None:
            use.target = common
    return common
