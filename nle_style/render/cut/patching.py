"""Timelines that come back as they were but for their media: which of their clips can be patched,
which cannot, and the patch itself. All that can go wrong with it is found before anything is
painted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

import opentimelineio as otio

from nle_style.errors import TimelineError
from nle_style.timeline import SOURCE_KEY, ReadTimeline
from nle_style.timeline.needs import NO_LOOK, ClipUse, Plan, Refusal, Skipped, clip_at
from nle_style.timeline.patch import (
    PatchResult,
    Replacement,
    fcp7_clips,
    fcpxml_clips,
    patch_fcp7,
    patch_fcpxml,
)
from nle_style.timeline.relink import Rendered, intermediate_of

__all__ = ["Patching", "is_patched", "patched_file"]


@dataclass(frozen=True)
class _Form:
    """How one format is patched: its clips that can be, and the patch."""

    clips: Callable[[bytes], frozenset[int]]
    patch: Callable[[bytes, Sequence[Replacement], Path], PatchResult]


_FCPXML = _Form(fcpxml_clips, patch_fcpxml)
_FORMS = {".xml": _Form(fcp7_clips, patch_fcp7), ".fcpxml": _FCPXML, ".fcpxmld": _FCPXML}


def is_patched(timeline: Path) -> bool:
    """Whether a timeline is given back by patching its own text.

    Its intermediates must have their source's length: in and out points count its frames.
    """
    return timeline.suffix.lower() in _FORMS


def patched_file(timeline: Path) -> Path:
    """The file that is patched, of a timeline that may be a folder."""
    return timeline / "Info.fcpxml" if timeline.suffix.lower() == ".fcpxmld" else timeline


@dataclass(frozen=True)
class Patching:
    """A timeline's own text, as it was when the cut was planned.

    Attributes:
        data: the file.
        clips: the bytes at which those clips start that can be given other media.
    """

    read: ReadTimeline
    data: bytes
    clips: frozenset[int]

    @classmethod
    def of(cls, read: ReadTimeline) -> Patching | None:
        """Of a timeline that `is_patched`; None for another."""
        if not is_patched(read.path):
            return None
        data = patched_file(read.path).read_bytes()
        return cls(read, data, _FORMS[read.path.suffix.lower()].clips(data))

    def check(self, clip: otio.schema.Clip) -> None:
        """Raises: TimelineError for a clip whose media cannot be replaced in the file."""
        if _place(clip) not in self.clips:
            raise TimelineError(
                f"{self.read.path.name} has no path of its media that could be replaced",
                remedy="Relink the clip to its own media in the editor, or export an .otio.",
            )

    def settled(self, plan: Plan, as_images: Callable[[Path], bool]) -> Plan:
        """The plan without the clips that would have to show two pictures in one place.

        A clip in a nest, a compound clip or an angle is in the file once, and every use of that
        shows it: in one look, and only if all of its uses can be styled.

        Args:
            as_images: whether a source becomes image files.
        """
        asked: dict[int | None, set[Hashable]] = defaultdict(set)
        for use in plan.uses:
            asked[self._place(use)].add((use.source, use.look, use.rate))
        unpainted: list[Refusal | Skipped] = [*plan.refusals, *plan.skipped]
        for clip in unpainted:
            if isinstance(clip, Refusal) or clip.reason == NO_LOOK:
                asked[self._place(clip)].add(None)
        uses, refusals = [], list(plan.refusals)
        for use in plan.uses:
            if _is_kept(use, as_images(use.source)):
                uses.append(replace(use, note=f"{use.note}; {_KEPT}" if use.note else _KEPT))
            elif len(asked[self._place(use)]) == 1:
                uses.append(use)
            else:
                refusals.append(_of_two_minds(use))
        needed = {use.range for use in uses}
        ranges = tuple(wanted for wanted in plan.ranges if wanted in needed)
        return replace(plan, uses=tuple(uses), ranges=ranges, refusals=tuple(refusals))

    def patched(self, plan: Plan, rendered: Sequence[Rendered]) -> PatchResult:
        """The file with intermediates in it.

        Args:
            plan: a plan that is `settled`.
            rendered: what stands or will stand in the place of the plan's ranges, or some of them.

        Raises:
            TimelineError, VerificationError: as the patches of the formats.
        """
        places: dict[tuple[Path, PurePath], set[int]] = defaultdict(set)
        for use in plan.uses:
            item, place = intermediate_of(use, rendered), self._place(use)
            if item and place is not None and not _is_kept(use, item.sequence is not None):
                places[use.source, item.path.absolute()].add(place)
        replacements = [
            Replacement(source, target, frozenset(clips))
            for (source, target), clips in places.items()
        ]
        form = _FORMS[self.read.path.suffix.lower()]
        return form.patch(self.data, replacements, self.read.media_root)

    def _place(self, clip: ClipUse | Refusal | Skipped) -> int | None:
        """None for a picture that the reader could not put into the timeline."""
        return _place(clip_at(self.read.timeline, clip.clip_id)) if clip.clip_id else None


_KEPT = "it keeps its media in the XML: stills and image sequences are only relinked in the .otio"


def _is_kept(use: ClipUse, as_images: bool) -> bool:
    """Whether a clip keeps its media in the file, which has no place for image files."""
    return as_images or use.media_frames == 1


def _place(item: otio.core.Composable) -> int | None:
    place = item.metadata.get(SOURCE_KEY, {}).get("place")
    return None if place is None else int(place)


def _of_two_minds(use: ClipUse) -> Refusal:
    return Refusal(
        use.clip_id,
        use.clip_name,
        use.track_name,
        "the same clip of the file is shown elsewhere too, where it gets another look or none",
        "Give all uses of its nest the same look, or export an .otio.",
    )
