from .apply import Look, Stylizer
from .core import StylePack, load_pack
from .media.source import probe_media, read_frames
from .render import RenderJob
from .render.cut import run_batch
from .render.item import run_job
from .timeline import read_timeline
from .timeline.needs import plan_shots
from .timeline.relink import relink

__all__ = [
    "Look",
    "RenderJob",
    "StylePack",
    "Stylizer",
    "__version__",
    "load_pack",
    "plan_shots",
    "probe_media",
    "read_frames",
    "read_timeline",
    "relink",
    "run_batch",
    "run_job",
]

__version__: str
