"""The network in files for other programs: TorchScript for a compositor's live node, and ONNX."""

from __future__ import annotations

from nle_style.core.export.onnx_file import export_onnx
from nle_style.core.export.torchscript import export_nuke

__all__ = [
    "export_nuke",
    "export_onnx",
]
