from .card import FIGURES, figures_of
from .network import (
    LEAST_CONTRAST,
    MINIMUM_SIDE,
    STRIDE,
    InstanceNorm,
    NormStatistics,
    StyleNetwork,
    completed,
    contrast,
    instance_statistics,
    pad_to_stride,
)
from .overscan import cut_overscan, overscan_of
from .pack_header import STYLE_NAME, PackFacts, pack_facts, styles_in
from .sheets import contact_sheet
from .style_pack import StylePack, load_pack
from .tensor_file import save_tensors

__all__ = [
    "FIGURES",
    "LEAST_CONTRAST",
    "MINIMUM_SIDE",
    "STRIDE",
    "STYLE_NAME",
    "InstanceNorm",
    "NormStatistics",
    "PackFacts",
    "StyleNetwork",
    "StylePack",
    "completed",
    "contact_sheet",
    "contrast",
    "cut_overscan",
    "figures_of",
    "instance_statistics",
    "load_pack",
    "overscan_of",
    "pack_facts",
    "pad_to_stride",
    "save_tensors",
    "styles_in",
]
