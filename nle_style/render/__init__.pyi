from .events import Event, OnEvent
from .job import (
    ColourJob,
    Control,
    Item,
    LayerJob,
    LookJob,
    MatteJob,
    Output,
    Reading,
    RenderJob,
    read_job,
)

__all__ = [
    "ColourJob",
    "Control",
    "Event",
    "Item",
    "LayerJob",
    "LookJob",
    "MatteJob",
    "OnEvent",
    "Output",
    "Reading",
    "RenderJob",
    "read_job",
]
