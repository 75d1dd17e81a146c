"""Stylizer: frames of one shot in, the same frames in their look out."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from nle_style.apply.chroma import keep_chroma
from nle_style.apply.device import working_dtype
from nle_style.apply.engine import FrameEngine
from nle_style.apply.look import Look
from nle_style.apply.shot_statistics import ShotStatistics, freeze, luma_thumbnail, measure
from nle_style.apply.stroke_scale import resample, working_size
from nle_style.core.network import MINIMUM_SIDE
from nle_style.core.style_pack import StylePack
from nle_style.errors import LookError

__all__ = ["Stylizer"]


class Stylizer:
    """One look on one device; stateless but for the frozen statistics of the current shot.

    Args:
        pack: the network and its styles.
        look: the mix and its controls.
        device: where the network runs.

    Raises:
        LookError: the look names a style that the pack does not have.
    """

    def __init__(self, pack: StylePack, look: Look, device: torch.device) -> None:
        self.look = look
        mix = pack.mix(look.styles)
        self._engine = FrameEngine(pack.network, mix, device, working_dtype(device))
        self._measured: ShotStatistics | None = None
        # What is done beside the network is done where it runs, but for MPS, whose antialiased
        # resampling is younger than the oldest torch that we take.
        self._beside = torch.device("cpu") if device.type == "mps" else device

    @property
    def needs_measuring(self) -> bool:
        """Whether `measure_shot` must be called before the frames of a shot."""
        return self.look.strength > 0 and self.look.statistics != "frame"

    def measure_shot(self, frames: Iterable[np.ndarray]) -> None:
        """Freeze the statistics of a shot; see `shot_statistics.sample_frames` for which frames.

        Args:
            frames: each (H, W, 3) float32, RGB display code values, 0-1.
        """
        samples = ((self._working(self._tensor(frame)), luma_thumbnail(frame)) for frame in frames)
        self._measured = measure(self._engine, samples)

    def frame(self, rgb: np.ndarray) -> np.ndarray:
        """Paint one frame.

        Args:
            rgb: (H, W, 3) float32, RGB display code values, 0-1; `MINIMUM_SIDE` a side or more.

        Returns:
            (H, W, 3) float32 in 0-1; at strength 0 the very values that were given.

        Raises:
            LookError: the frame is too small for the network.
        """
        if self.look.strength == 0:
            return rgb
        height, width = rgb.shape[:2]
        if min(height, width) < MINIMUM_SIDE:
            raise LookError(
                f"a frame of {width}x{height} is too small to paint",
                remedy=f"The network needs {MINIMUM_SIDE} pixels a side.",
            )
        frozen = freeze(self._measured, self.look.statistics, rgb)
        source = self._tensor(rgb)
        picture = self._engine(self._working(source), frozen).to(self._beside)
        picture = resample(picture, (height, width))
        if self.look.colour == "source":
            picture = keep_chroma(picture, source)
        painted = picture[0].permute(1, 2, 0).cpu().numpy()
        if self.look.strength < 1:
            strength = np.float32(self.look.strength)
            painted = rgb + strength * (painted - rgb)
        return np.ascontiguousarray(painted, np.float32)

    def _working(self, source: Tensor) -> Tensor:
        """What the network sees of (1, 3, H, W): it paints and measures the same pictures."""
        height, width = source.shape[-2:]
        return resample(source, working_size(height, width, self.look.stroke_scale))

    def _tensor(self, rgb: np.ndarray) -> Tensor:
        # Code values beyond 0-1 exist in float sources, but not in what the network was taught.
        image = torch.from_numpy(np.ascontiguousarray(rgb, np.float32)).clamp(0, 1)
        return image.permute(2, 0, 1)[None].to(self._beside)
