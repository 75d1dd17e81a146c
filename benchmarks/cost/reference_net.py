"""The yardstick: a plain 32-channel Johnson net in eager torch, file to file.

Built as pytorch/examples' fast_neural_style describes it: reflection padding modules, affine
instance norms, nearest upsampling, contiguous float32 tensors in 0-255, one frame after the other.
Weights are random: they cost the same.
"""

from __future__ import annotations

import sys
import time
from fractions import Fraction
from pathlib import Path

import av
import torch
from torch import Tensor, nn

__all__ = ["ReferenceNet", "render"]


def _conv(channels_in: int, channels_out: int, kernel: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.ReflectionPad2d(kernel // 2), nn.Conv2d(channels_in, channels_out, kernel, stride)
    )


class _Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _conv(channels, channels, 3),
            nn.InstanceNorm2d(channels, affine=True),
            nn.ReLU(),
            _conv(channels, channels, 3),
            nn.InstanceNorm2d(channels, affine=True),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class ReferenceNet(nn.Sequential):
    """(1, 3, H, W) in 0-255 -> the same shape; C is 32 in the paper."""

    def __init__(self, c: int = 32) -> None:
        def block(*layers: nn.Module, width: int) -> list[nn.Module]:
            return [*layers, nn.InstanceNorm2d(width, affine=True), nn.ReLU()]

        up = nn.Upsample(scale_factor=2, mode="nearest")
        super().__init__(
            *block(_conv(3, c, 9), width=c),
            *block(_conv(c, 2 * c, 3, 2), width=2 * c),
            *block(_conv(2 * c, 4 * c, 3, 2), width=4 * c),
            *[_Residual(4 * c) for _ in range(5)],
            *block(up, _conv(4 * c, 2 * c, 3), width=2 * c),
            *block(up, _conv(2 * c, c, 3), width=c),
            _conv(c, 3, 9),
        )


@torch.no_grad()
def render(source: Path, destination: Path, frames: int) -> float:
    """Decode, paint and write PNG in MOV, frame after frame; seconds a frame."""
    torch.manual_seed(0)
    network = ReferenceNet().eval()
    started = time.perf_counter()
    with av.open(str(source)) as reading, av.open(str(destination), "w") as writing:
        stream = None
        for number, frame in enumerate(reading.decode(video=0)):
            if number == frames:
                break
            rgb = torch.from_numpy(frame.to_ndarray(format="rgb24"))
            image = rgb.permute(2, 0, 1)[None].float()
            painted = network(image).clamp(0, 255)[0].permute(1, 2, 0).byte().contiguous()
            if stream is None:
                stream = writing.add_stream("png", rate=Fraction(24))
                stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "rgb24"
            picture = av.VideoFrame.from_ndarray(painted.numpy(), format="rgb24")
            writing.mux(stream.encode(picture))
        assert stream is not None
        writing.mux(stream.encode())
    return (time.perf_counter() - started) / frames


if __name__ == "__main__":
    print(render(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
