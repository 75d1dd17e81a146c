"""A look as an ONNX file, for runtimes other than torch: one image in, one image out.

What is in it is the network and one mix of its styles, with the frame's own statistics; height and
width are free. Strength, stroke scale and colour are the host's business.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nle_style.core.export import publish
from nle_style.core.live_network import LiveNetwork
from nle_style.core.network import MINIMUM_SIDE, NetworkConfig, StyleNetwork
from nle_style.core.style_pack import StylePack
from nle_style.errors import InputError, VerificationError

__all__ = ["OPSET", "export_onnx"]

OPSET = 18
"""The first whose Pad and ReduceMean take what a picture of any size needs; runtimes since 2022."""


class _Painter(nn.Module):
    """The layers of a live network between padding and crop."""

    def __init__(self, live: LiveNetwork) -> None:
        super().__init__()
        self.live = live

    def forward(self, image: Tensor) -> Tensor:
        height, width = image.shape[2], image.shape[3]
        # Always, if only by nothing: a branch would fix the size to that of the example.
        whole = F.pad(image, [0, -width % 4, 0, -height % 4], "reflect")
        return self.live.layers(whole)[:, :, :height, :width]


def export_onnx(pack: StylePack, styles: Mapping[str, float], path: Path) -> None:
    """Write NAME.onnx, whole or not at all.

    Its input `image` and its output `painted` are (1, 3, height, width) float32, RGB display code
    values, 0-1, 8 pixels or more a side.

    Args:
        styles: name -> weight, any number of them; the mix is baked in.

    Raises:
        InputError: the exporter's libraries (the extra `[onnx]`) are not installed.
        LookError: an unknown style.
        OutputError: the folder cannot be written.
        VerificationError: ONNX's own checker finds fault with the file.
    """
    missing = [name for name in ("onnx", "onnxscript") if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(
            f"{' and '.join(missing)} must be installed to write ONNX",
            remedy="pip install 'nle-style[onnx]'.",
        )
    painter = _Painter(LiveNetwork(_mixed(pack, styles))).eval()
    height = torch.export.Dim("height", min=MINIMUM_SIDE)
    width = torch.export.Dim("width", min=MINIMUM_SIDE)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the exporter's own, about its own parts
        program = torch.onnx.export(
            painter,
            (torch.rand(1, 3, 50, 67),),
            dynamo=True,
            input_names=["image"],
            output_names=["painted"],
            dynamic_shapes={"image": {2: height, 3: width}},
            opset_version=OPSET,
            verbose=False,
        )
    if program is None:
        raise VerificationError("torch's exporter made no model", where=str(path))
    model = program.model_proto
    for key, value in (
        ("nle_style.pack", f"{pack.name} {pack.sha256}"),
        ("nle_style.styles", ",".join(f"{n}:{w:g}" for n, w in sorted(styles.items()))),
    ):
        model.metadata_props.add(key=key, value=value)
    _check(model, path)
    publish(path, model.SerializeToString())


def _check(model: object, path: Path) -> None:
    import onnx

    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise VerificationError(f"ONNX's checker refuses it ({error})", where=str(path)) from error


def _mixed(pack: StylePack, styles: Mapping[str, float]) -> StyleNetwork:
    """A network of one style: the mix's row in place of all."""
    mix = pack.mix(styles)
    source = pack.network
    config = source.config
    network = StyleNetwork(NetworkConfig(1, config.width, config.residual_blocks))
    state = {
        name: mix @ value if name.endswith((".gamma", ".beta")) else value
        for name, value in source.state_dict().items()
    }
    network.load_state_dict(state)
    return network
