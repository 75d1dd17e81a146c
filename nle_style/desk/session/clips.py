"""Clips without a cut: a timeline that holds them one after the other, whole."""

from __future__ import annotations

from collections.abc import Sequence

import opentimelineio as otio

from nle_style.media.base import MediaInfo
from nle_style.sequence_names import in_path

__all__ = ["timeline_of_clips"]


def timeline_of_clips(infos: Sequence[MediaInfo]) -> otio.schema.Timeline:
    """A cut of whole clips on one track.

    Args:
        infos: what is probed of them. The timeline counts at the first one's rate, each clip's own
            frames at the clip's.
    """
    timeline = otio.schema.Timeline("clips")
    timeline.global_start_time = otio.opentime.RationalTime(0, float(infos[0].rate))
    track = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
    timeline.tracks.append(track)
    for info in infos:
        rate = float(info.rate)
        first = info.first_frame_number if info.kind == "sequence" else 0
        shown = otio.opentime.TimeRange(
            otio.opentime.RationalTime(first, rate),
            otio.opentime.RationalTime(info.frame_count, rate),
        )
        track.append(otio.schema.Clip(_name(info), _reference(info, shown), shown))
    return timeline


def _name(info: MediaInfo) -> str:
    name = in_path(info.path.name) if info.kind == "sequence" else None
    return info.path.stem if name is None else name.before.rstrip("._-")


def _reference(
    info: MediaInfo, shown: otio.opentime.TimeRange
) -> otio.schema.ExternalReference | otio.schema.ImageSequenceReference:
    path = info.path.absolute()
    name = in_path(path.name)
    if info.kind != "sequence" or name is None:
        return otio.schema.ExternalReference(path.as_uri(), shown)
    return otio.schema.ImageSequenceReference(
        target_url_base=f"{path.parent.as_uri()}/",
        name_prefix=name.before,
        name_suffix=name.after,
        start_frame=info.first_frame_number,
        frame_step=1,
        rate=shown.duration.rate,
        frame_zero_padding=name.digits,
        available_range=shown,
    )
