"""What is to be shown in the place of which medium of an XML timeline."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Protocol

from nle_style.errors import TimelineError
from nle_style.timeline.files import media_path

__all__ = ["ClipKey", "Replacement", "Targets", "locator", "settle_targets"]

ClipKey = str | int


@dataclass(frozen=True)
class Replacement:
    """One medium, and what is to be shown in its place.

    Attributes:
        source: the media's absolute path, as the timeline's text resolves to it.
        target: the intermediate's absolute path. It must have the source's length, rate and
            timecode: in and out points, speeds and keyframes stay as they are and count its frames.
        clips: the clips that it is for: the byte at which a clip's element starts, or the `id` of
            one (FCPXML: of an asset, for all its uses). They are taken wherever their path leads,
            for the media may have been found elsewhere. None: every use of `source`.
    """

    source: Path
    target: PurePath
    clips: frozenset[ClipKey] | None = None


def locator(folder: Path) -> Callable[[str], Path | None]:
    """The function from a timeline's text to a path; None for a path of another machine."""

    def find(url: str) -> Path | None:
        try:
            return media_path(url.strip(), folder)
        except TimelineError:
            return None

    return find


class Targets:
    """Which replacement a clip gets, and whether every replacement found a clip.

    Where several fit a clip, the first one counts.
    """

    def __init__(self, replacements: Sequence[Replacement]) -> None:
        self._replacements = tuple(replacements)
        self._used: set[tuple[int, ClipKey | None]] = set()
        # A cut has thousands of clips and of replacements: each clip looks up its own.
        self._by_key: dict[ClipKey | Path, list[int]] = {}
        for number, item in enumerate(self._replacements):
            for key in (item.source,) if item.clips is None else item.clips:
                self._by_key.setdefault(key, []).append(number)

    def of(self, source: Path | None, keys: Collection[ClipKey]) -> PurePath | None:
        """The target of a use of `source` by a clip that goes by any of `keys`."""
        found: list[tuple[int, ClipKey | None]] = [
            (number, key) for key in keys for number in self._by_key.get(key, ())
        ]
        if source is not None:
            found += [(number, None) for number in self._by_key.get(source, ())]
        if not found:
            return None
        first = min(number for number, _ in found)
        # A replacement for every use counts as used even if others took all of them.
        self._used.update((n, key) for n, key in found if n == first or key is None)
        return self._replacements[first].target

    def check_all_used(self) -> None:
        """Raises TimelineError for a replacement whose media or clip is not in the file."""
        for number, item in enumerate(self._replacements):
            for key in (None,) if item.clips is None else sorted(item.clips, key=str):
                if (number, key) not in self._used:
                    place = "byte " if isinstance(key, int) else "clip "
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
