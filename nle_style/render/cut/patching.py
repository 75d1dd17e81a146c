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
from nle_style.timeline.files import MediaFacts
from nle_style.timeline.needs import NO_LOOK, NOT_CHOSEN, ClipUse, Plan, Refusal, Skipped, clip_at
from nle_style.timeline.patch import (
    PatchResult,
    Replacement,
    fcp7_clips,
    fcpxml_clips,
    mlt_clips,
    mlt_slides,
    patch_fcp7,
    patch_fcpxml,
    patch_mlt,
)
from nle_style.timeline.relink import Rendered, intermediate_of

__all__ = ["Patching", "is_patched", "patched_file", "takes_images"]


@dataclass(frozen=True)
class _Form:
    """How one format is patched.

    Attributes:
        clips: the clips that can be.
        patch: does it.
        slides: the clips in whose place only images can stand; None in a format in which stills
            and image files cannot stand anywhere.
    """

    clips: Callable[[bytes], frozenset[int]]
    patch: Callable[[bytes, Sequence[Replacement], Path], PatchResult]
    slides: Callable[[bytes], frozenset[int]] | None = None


_FCPXML = _Form(fcpxml_clips, patch_fcpxml)
_MLT = _Form(mlt_clips, patch_mlt, mlt_slides)
_FORMS = {
    ".xml": _Form(fcp7_clips, patch_fcp7),
    ".fcpxml": _FCPXML,
    ".fcpxmld": _FCPXML,
    ".kdenlive": _MLT,
    ".mlt": _MLT,
}


def is_patched(timeline: Path) -> bool:
    """Whether a timeline is given back by patching its own text.

    Its intermediates must have their source's length: in and out points count its frames.
    """
    return timeline.suffix.lower() in _FORMS


def patched_file(timeline: Path) -> Path:
    """The file that is patched, of a timeline that may be a folder."""
    return timeline / "Info.fcpxml" if timeline.suffix.lower() == ".fcpxmld" else timeline


def takes_images(timeline: Path) -> bool:
    """Whether stills and image files can stand in it, in the place of such."""
    return is_patched(timeline) and _form(timeline).slides is not None


@dataclass(frozen=True)
class Patching:
    """A timeline's own text, as it was when the cut was planned.

    Attributes:
        data: the file.
        clips: the bytes at which those clips start that can be given other media.
        slides: those of them that hold each image of a sequence for several frames.
        images: the sources that become image files.
    """

    read: ReadTimeline
    data: bytes
    clips: frozenset[int]
    slides: frozenset[int] = frozenset()
    images: frozenset[Path] = frozenset()

    @classmethod
    def of(cls, read: ReadTimeline) -> Patching | None:
        """Of a timeline that `is_patched`; None for another."""
        if not is_patched(read.path):
            return None
        data, form = patched_file(read.path).read_bytes(), _form(read.path)
        return cls(read, data, form.clips(data), form.slides(data) if form.slides else frozenset())

    @property
    def takes_images(self) -> bool:
        """As of `takes_images`."""
        return takes_images(self.read.path)

    def is_slide(
        self, clip: otio.schema.Clip, reference: otio.core.MediaReference, facts: MediaFacts
    ) -> bool:
        """Whether only images can stand in the place of a clip's images.

        They are held for several frames each, or counted from a later one than their first.
        """
        first = getattr(reference, "start_frame", facts.first_file_number)
        return self.takes_images and (
            _place(clip) in self.slides or first != facts.first_file_number
        )

    def check(self, clip: otio.schema.Clip, *, is_movie: bool, as_images: bool) -> None:
        """Raises: TimelineError for a clip whose media cannot be replaced in the file."""
        name = self.read.path.name
        if _place(clip) not in self.clips:
            raise TimelineError(
                f"{name} has no path of its media that could be replaced",
                remedy="Relink the clip to its own media in the editor, or export an .otio.",
            )
        if self.takes_images and is_movie and as_images:
            raise TimelineError(
                f"{name} has a movie there, in whose place no image files can stand",
                remedy="Give --format png-mov, ffv1, prores4444 or dnxhr444, or export an .otio.",
            )

    def settled(self, plan: Plan) -> Plan:
        """The plan without the clips that would have to show two pictures in one place.

        A clip in a nest, a compound clip or an angle is in the file once, and every use of that
        shows it: in one look, and only if all of its uses can be styled. A clip that keeps its
        media in the file gets a note that says so.
        """
        asked: dict[int | None, set[Hashable]] = defaultdict(set)
        for use in plan.uses:
            asked[self._place(use)].add((use.source, use.look, use.rate))
        unpainted: list[Refusal | Skipped] = [*plan.refusals, *plan.skipped]
        for clip in unpainted:
            if isinstance(clip, Refusal) or clip.reason in (NO_LOOK, NOT_CHOSEN):
                asked[self._place(clip)].add(None)
        uses, refusals = [], list(plan.refusals)
        for use in plan.uses:
            if self._is_kept(use):
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
            if item and place is not None and not self._is_kept(use):
                places[use.source, _target(item)].add(place)
        replacements = [
            Replacement(source, target, frozenset(clips))
            for (source, target), clips in places.items()
        ]
        return _form(self.read.path).patch(self.data, replacements, self.read.media_root)

    def _is_kept(self, use: ClipUse) -> bool:
        """Whether a clip keeps its media in the file, which has no place for image files."""
        return not self.takes_images and (use.media_frames == 1 or use.source in self.images)

    def _place(self, clip: ClipUse | Refusal | Skipped) -> int | None:
        """None for a picture that the reader could not put into the timeline."""
        return _place(clip_at(self.read.timeline, clip.clip_id)) if clip.clip_id else None


_KEPT = "it keeps its media in the XML: stills and image sequences are only relinked in the .otio"


def _form(timeline: Path) -> _Form:
    return _FORMS[timeline.suffix.lower()]


def _target(item: Rendered) -> PurePath:
    """The path that stands for an intermediate: of an image sequence its pattern."""
    files = item.sequence
    if files is None:
        return item.named
    return item.named / f"{files.prefix}%0{files.padding}d{files.suffix}"


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
