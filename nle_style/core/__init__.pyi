from .card import FIGURES, figures_of
from .denoise import NOISE_LEVEL, denoised, denoised_in_tiles
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
    "NOISE_LEVEL",
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
    "denoised",
    "denoised_in_tiles",
    "figures_of",
    "instance_statistics",
    "load_pack",
    "overscan_of",
    "pack_facts",
    "pad_to_stride",
    "save_tensors",
    "styles_in",
]
