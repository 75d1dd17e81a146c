"""nle_style: poster style transfer for the shots of an edit.

The public names below are loaded when they are first used, so that `import nle_style` is quick and
nothing but the network's own commands loads torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

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

__version__ = "0.1.0"

_HOMES = {
    "Look": "nle_style.apply.look",
    "RenderJob": "nle_style.render.job",
    "StylePack": "nle_style.core.style_pack",
    "Stylizer": "nle_style.apply.stylizer",
    "load_pack": "nle_style.core.style_pack",
    "plan_shots": "nle_style.timeline.plan",
    "probe_media": "nle_style.media.probe",
    "read_frames": "nle_style.media.read",
    "read_timeline": "nle_style.timeline.read",
    "relink": "nle_style.timeline.relink",
    "run_batch": "nle_style.render.batch",
    "run_job": "nle_style.render.runner",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'nle_style' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
