from .allocator import collect_rarely, map_large_blocks, use_huge_pages
from .changing import ChangingStylizer, stylizer_of
from .chroma import LUMA_WEIGHTS
from .device import choose_device, named_device
from .gpu import WORKERS_ON_GPU, CodeValues
from .look import LONGEST_HOLD, Colour, Look, Statistics, parse_styles
from .look_keys import LookKey
from .parallel import parallel_map
from .stroke_scale import painted_at, painted_size, resample
from .stylizer import Stylizer, engine_facts, needs_measuring

__all__ = [
    "LONGEST_HOLD",
    "LUMA_WEIGHTS",
    "WORKERS_ON_GPU",
    "ChangingStylizer",
    "CodeValues",
    "Colour",
    "Look",
    "LookKey",
    "Statistics",
    "Stylizer",
    "choose_device",
    "collect_rarely",
    "engine_facts",
    "map_large_blocks",
    "named_device",
    "needs_measuring",
    "painted_at",
    "painted_size",
    "parallel_map",
    "parse_styles",
    "resample",
    "stylizer_of",
    "use_huge_pages",
]
