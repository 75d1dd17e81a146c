"""What people should know before a look that changes, or holds, is painted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nle_style.apply import Look, LookKey
from nle_style.media.base import MediaInfo

__all__ = ["look_notes"]


def look_notes(looks: Iterable[Look], info: MediaInfo) -> Iterator[str]:
    """A sentence for each look that changes, and for each that holds.

    Args:
        looks: of an item, the lowest first.
        info: its source: frames of a sequence are named by the numbers of its files.
    """
    for look in looks:
        if look.keys:
            keys = (f"{_words(key)} at {info.first_frame_number + key.frame}" for key in look.keys)
            yield f"the look changes: {', '.join(keys)}"
        if look.hold > 1:
            yield f"{look.label}: each painting is shown for {look.hold} frames of its shot"


def _words(key: LookKey) -> str:
    """A key as it is written in a map: "blue:0.7,fire:0.3 strength 0.6"."""
    words = []
    if key.styles is not None:
        several = len(key.styles) > 1
        mix = sorted(key.styles.items())
        words.append(",".join(f"{name}:{share:g}" if several else name for name, share in mix))
    if key.strength is not None:
        words.append(f"strength {key.strength:g}")
    return " ".join(words)
