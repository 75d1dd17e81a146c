"""Which clips are meant, and which frames of their media they show."""

from .media import Refused, exact_rate, properties
from .ranges import source_range
from .selection import WAYS, key_of, pick, video_items, ways

__all__ = [
    "WAYS",
    "Refused",
    "exact_rate",
    "key_of",
    "pick",
    "properties",
    "source_range",
    "video_items",
    "ways",
]
