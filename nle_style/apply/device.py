"""The device that the network runs on."""

from __future__ import annotations

from typing import Literal, get_args

import torch

from nle_style.errors import InputError

__all__ = ["DeviceName", "choose_device", "working_dtype"]

DeviceName = Literal["auto", "cpu", "cuda", "mps"]


def choose_device(name: str) -> torch.device:
    """The device of a name; `auto` is CUDA if there is one, else Apple's MPS, else the CPU.

    Raises:
        InputError: an unknown name, or a device that this machine or this build of torch lacks.
    """
    if name not in get_args(DeviceName):
        raise InputError(
            f"unknown device '{name}'", remedy=f"It is one of {', '.join(get_args(DeviceName))}."
        )
    has = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if name == "auto":
        name = next(kind for kind in ("cuda", "mps", "cpu") if has[kind])
    if not has[name]:
        raise InputError(
            f"there is no {name} device that torch {torch.__version__} can use",
            remedy="Give --device auto, or install a torch build with that backend.",
        )
    return torch.device(name)


def working_dtype(device: torch.device) -> torch.dtype:
    """Half precision on CUDA, where it is faster; float32 elsewhere (on CPUs half is slower)."""
    return torch.float16 if device.type == "cuda" else torch.float32
