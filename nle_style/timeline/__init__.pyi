from .frames import exact_rate, usable_range
from .parsed import SOURCE_KEY, ReadTimeline
from .read import SUPPORTED, read_timeline

__all__ = ["SOURCE_KEY", "SUPPORTED", "ReadTimeline", "exact_rate", "read_timeline", "usable_range"]
