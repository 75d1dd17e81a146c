"""A look as an ONNX file, for runtimes other than torch: one image in, one image out.

What is in it is the network and one mix of its styles, with the frame's own statistics; height and
width are free. Strength, stroke scale and colour are the host's business.
"""

from __future__ import annotations

import importlib.util
import tempfile
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nle_style.core.denoise import denoised
from nle_style.core.overscan import cut_overscan, with_overscan
from nle_style.core.style_pack import StylePack
from nle_style.durable import write_file
from nle_style.errors import InputError, VerificationError

__all__ = ["OPSET", "export_onnx"]

OPSET = 18
"""The first whose Pad and ReduceMean take what a picture of any size needs; runtimes since 2022."""


class _Painter(nn.Module):
    """A network between noise reduction, overscan and crop.

    Args:
        network: as `StyleNetwork.forward`, of whole strides.
    """

    def __init__(self, network: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        height, width = image.shape[2], image.shape[3]
        whole = with_overscan(denoised(image))
        # Always, if only by nothing: a branch would fix the size to that of the example.
        whole = F.pad(whole, [0, -whole.shape[3] % 4, 0, -whole.shape[2] % 4], "reflect")
        return cut_overscan(self.network(whole), height, width)


def export_onnx(
    pack: StylePack,
    styles: Mapping[str, float],
    path: Path,
    write: Callable[[Path, bytes], None] = write_file,
) -> None:
    """Write NAME.onnx, whole or not at all.

    Its input `image` and its output `painted` are (1, 3, height, width) float32, RGB display code
    values, 0-1, 8 pixels or more a side.

    Args:
        styles: name -> weight, any number of them; the mix is baked in.
        write: writes bytes under a name, or refuses.

    Raises:
        InputError: the library onnx (the extra `[onnx]`) is not installed.
        LookError: an unknown style.
        OutputError: the folder cannot be written.
        VerificationError: ONNX's own checker finds fault with the file.
    """
    if importlib.util.find_spec("onnx") is None:
        raise InputError(
            "onnx must be installed to write ONNX", remedy="pip install 'nle-style[onnx]'."
        )
    import onnx

    network = pack.network(styles)
    sides = {2: "height", 3: "width"}
    with (
        tempfile.TemporaryDirectory(prefix="nle_style_onnx_") as folder,
        warnings.catch_warnings(),
        torch.no_grad(),
    ):
        file = Path(folder) / path.name
        warnings.simplefilter("ignore")  # TorchScript and this exporter are deprecated in torch
        # The network is traced, and padding and crop are compiled, so that they stay free. The
        # exporter of `torch.export` gives the same picture, but reasons about the free sizes for
        # minutes.
        traced = torch.jit.trace(network, torch.rand(1, 3, 64, 96))  # type: ignore[no-untyped-call]
        torch.onnx.export(
            torch.jit.script(_Painter(traced).eval()),
            (torch.rand(1, 3, 50, 67),),
            file,
            dynamo=False,
            input_names=["image"],
            output_names=["painted"],
            dynamic_axes={"image": sides, "painted": sides},
            opset_version=OPSET,
        )
        model = onnx.load(file)
    for key, value in (
        ("nle_style.pack", f"{pack.name} {pack.sha256}"),
        ("nle_style.styles", ",".join(f"{n}:{w:g}" for n, w in sorted(styles.items()))),
    ):
        model.metadata_props.add(key=key, value=value)
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise VerificationError(f"ONNX's checker refuses it ({error})", where=str(path)) from error
    write(path, model.SerializeToString())
