"""What stands in a movie beside its picture: sound, subtitles, chapters, dates."""

from __future__ import annotations

from nle_style.media.write.tracks.companions import SubtitleTracks, chapters_within
from nle_style.media.write.tracks.plan import TracksPlan, plan_tracks
from nle_style.media.write.tracks.sound import AudioTracks
from nle_style.media.write.tracks.sound_log import SoundLog, sound_faults

__all__ = [
    "AudioTracks",
    "SoundLog",
    "SubtitleTracks",
    "TracksPlan",
    "chapters_within",
    "plan_tracks",
    "sound_faults",
]
