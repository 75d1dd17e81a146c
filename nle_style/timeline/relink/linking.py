"""Attach to a clip the intermediate that was rendered for it, if there is one."""

from __future__ import annotations

import dataclasses
import logging
import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import opentimelineio as otio

from nle_style.errors import InputError, MediaError, TimelineError
from nle_style.timecode import day_of_timecode, frame_of_timecode
from nle_style.timeline.files import MediaFacts
from nle_style.timeline.looks import ClipLook, parse_look
from nle_style.timeline.needs import Candidate, ClipUse, plan_shots
from nle_style.timeline.parsed import ReadTimeline
from nle_style.timeline.relink.intermediates import Intermediate, find_intermediates
from nle_style.timeline.relink.relinker import add_reference

__all__ = ["link_media_reference"]

_PATHS = ("folder", "media_root")
_ARGUMENTS = ("look", *_PATHS)
_LABEL = re.compile(r"\w+(-\w+)*")
_log = logging.getLogger(__name__)


def link_media_reference(
    in_clip: otio.schema.Clip, media_linker_argument_map: Mapping[str, Any] | None = None
) -> otio.core.MediaReference | None:
    """Attach an intermediate to a clip, as `relink` does.

    The clip keeps its own reference under its key; the intermediate is added as "nle_style" and
    made active. It must have been rendered from the clip's media, in the look asked for, and hold
    all frames that the clip shows, with retimes, nests and transitions. The latest one is taken.

    Args:
        in_clip: modified if there is an intermediate for it.
        media_linker_argument_map: "folder", where the intermediates are; "look", as in a marker
            ("blue:0.7,fire:0.3 strength 0.6") or as in their names ("blue70-fire30"), which may be
            left out where a clip has intermediates of one look only; "media_root", where relative
            media paths start, by default the current folder.

    Returns:
        The clip's active reference, which is the intermediate; None if there is none for the clip,
        which then stays as it is. The reason is logged at the level INFO.

    Raises:
        TimelineError: the arguments cannot be used. No clip causes an error.
    """
    folder, asked, media_root = _arguments(media_linker_argument_map or {})
    intermediates = [found for found in find_intermediates(folder) if asked.fits(found.look)]
    try:
        _link(in_clip, intermediates, media_root)
    except (InputError, otio.exceptions.OTIOError, ValueError) as error:
        _log.info("clip '%s' is left as it is: %s", in_clip.name, error)
        return None
    return in_clip.media_reference


@dataclasses.dataclass(frozen=True)
class _AskedLook:
    label: str
    look: ClipLook | None

    def fits(self, painted: ClipLook) -> bool:
        """Whether an intermediate has the look, in all that the look says."""
        if painted.label == self.label or not self.label:
            return True
        if self.look is None:
            return False
        pairs = zip(dataclasses.astuple(self.look), dataclasses.astuple(painted), strict=True)
        return all(wanted is None or wanted == is_so for wanted, is_so in pairs)


def _arguments(arguments: Mapping[str, Any]) -> tuple[Path, _AskedLook, Path]:
    unknown = arguments.keys() - set(_ARGUMENTS)
    if unknown or not arguments.get("folder"):
        what = f"has no argument '{min(unknown)}'" if unknown else "needs the argument 'folder'"
        raise TimelineError(
            f"the media linker nle_style {what}",
            remedy=f"Give media_linker_argument_map with {', '.join(_ARGUMENTS)}.",
        )
    text = str(arguments.get("look") or "")
    # A label as "blue70-fire30" is no look that could be written in a marker.
    look = None if not text or _LABEL.fullmatch(text) else parse_look(text)
    folder, media_root = (Path(arguments.get(key) or ".").absolute() for key in _PATHS)
    return folder, _AskedLook(text, look), media_root


def _link(clip: otio.schema.Clip, intermediates: list[Intermediate], media_root: Path) -> None:
    use = _use(clip, intermediates, media_root)
    fitting = [
        found
        for found in intermediates
        if found.rendered.source == use.source
        and any(first <= use.first and use.last <= last for first, last in found.painted)
        # Image files have no rate, and that of a single frame cannot be seen.
        and (found.rendered.rate == use.rate or found.rendered.sequence or use.media_frames == 1)
    ]
    if not fitting:
        raise TimelineError(f"no intermediate holds frames {use.first}-{use.last}")
    if len({found.look.label for found in fitting}) > 1:
        labels = ", ".join(sorted({found.look.label for found in fitting}))
        raise TimelineError(
            f"it has intermediates of several looks: {labels}", remedy="Give the argument 'look'."
        )
    add_reference(clip, use, fitting[0].rendered, fitting[0].look.label)


def _use(clip: otio.schema.Clip, intermediates: list[Intermediate], media_root: Path) -> ClipUse:
    """The clip's frames, planned within its timeline without the other clips."""
    timeline, clip_id = _place(clip)
    facts = {found.rendered.source: _facts(found) for found in reversed(intermediates)}

    def probe(path: Path) -> MediaFacts:
        if path not in facts:
            raise MediaError("no intermediate was rendered from it", where=str(path))
        return facts[path]

    def only_this(candidate: Candidate) -> str | None:
        return "" if candidate.clip_id == clip_id else None

    read = ReadTimeline(timeline, media_root / "timeline.otio", media_root)
    plan = plan_shots(read, probe, look_of=only_this)
    if plan.uses:
        return plan.uses[0]
    reasons = {refusal.clip_id: refusal.reason for refusal in plan.refusals}
    reasons |= {skipped.clip_id: skipped.reason for skipped in plan.skipped}
    raise TimelineError(reasons.get(clip_id, "it is not in the cut"))


def _place(clip: otio.schema.Clip) -> tuple[otio.schema.Timeline, str]:
    """A timeline in which the clip shows the same as in its own, and its id there.

    OpenTimelineIO gives the clip's parents but not its timeline. The top-level track is reduced to
    the item with the clip and the transitions beside it, on which alone depends what the clip
    shows: planning the whole timeline for each of a thousand clips takes minutes.
    """
    chain: list[otio.core.Composable] = [clip]
    while (parent := chain[-1].parent()) is not None:
        chain.append(parent)
    path = [above.index(below) for below, above in pairwise(chain)]
    timeline, track = otio.schema.Timeline(), otio.schema.Track()
    root = chain.pop() if isinstance(chain[-1], otio.schema.Stack) else None
    if isinstance(chain[-1], otio.schema.Track):
        track = chain.pop()
    if root is not None and (_is_changed(root) or _is_changed(track)):
        timeline.tracks = root
    else:
        excerpt = otio.schema.Track(kind=track.kind)
        excerpt.enabled = track.enabled
        path = path[: len(chain) - 1]
        excerpt.append(chain[-1].deepcopy())
        at = track.index(chain[-1]) if len(track) else 0
        before, after = (_transition(track, at + step) for step in (-1, 1))
        if before is not None:
            excerpt.insert(0, before)
        if after is not None:
            excerpt.append(after)
        timeline.tracks.append(excerpt)
        path += [0 if before is None else 1, 0]
    inner = "".join(f"/children[{position}]" for position in reversed(path[:-1]))
    return timeline, f"tracks[{path[-1]}]{inner}"


def _is_changed(around: otio.core.Composition) -> bool:
    return around.source_range is not None or len(around.effects) > 0


def _transition(track: otio.schema.Track, position: int) -> otio.schema.Transition | None:
    beside = track[position] if 0 <= position < len(track) else None
    return beside.deepcopy() if isinstance(beside, otio.schema.Transition) else None


def _facts(found: Intermediate) -> MediaFacts:
    """What the manifest says of the source."""
    rate = found.rendered.rate
    start = frame_of_timecode(found.timecode, rate)
    day = day_of_timecode(found.timecode, rate)
    return MediaFacts(rate, found.source_frames, start, found.first_number, day)
