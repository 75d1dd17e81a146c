"""What becomes of everything in a source beside its picture, before a frame is painted."""

from __future__ import annotations

from dataclasses import dataclass

from nle_style.media.base import MediaInfo
from nle_style.media.write.tracks.companions import CompanionPlan, plan_companions
from nle_style.media.write.tracks.sound_plan import SoundPlan, plan_sound

__all__ = ["TracksPlan", "plan_tracks"]


@dataclass(frozen=True)
class TracksPlan:
    """What is carried, and notes on what is changed or left out."""

    sound: SoundPlan
    companions: CompanionPlan
    notes: tuple[str, ...]


def plan_tracks(source: MediaInfo, container: str) -> TracksPlan:
    """Try what a source has in a container.

    Args:
        container: "mov" or "matroska"; "" for images, which carry nothing beside the picture.
    Raises: MediaError if the source cannot be opened.
    """
    sound, companions = SoundPlan((), ()), CompanionPlan((), {}, ())
    silent: tuple[str, ...] = ()
    if source.audio and container:
        sound = plan_sound(source.path, container)
    elif source.audio:
        silent = (f"{source.path.name}: a sequence carries no audio; it was left out",)
    if source.kind == "movie":
        companions = plan_companions(source.path, container)
    return TracksPlan(sound, companions, (*silent, *sound.notes, *companions.notes))
