"""The device that the network runs on."""

from __future__ import annotations

import re

import torch

from nle_style.errors import InputError

__all__ = ["choose_device", "named_device"]

_NAME = re.compile(r"cpu|mps|cuda(:(0|[1-9]\d?))?")


def named_device(name: str) -> torch.device | None:
    """The device of a name, whether this machine has it or not: `cpu`, `mps`, `cuda`, or `cuda:N`
    for one of several GPUs, from 0; None for `auto`.

    Raises:
        InputError: an unknown name.
    """
    if name == "auto":
        return None
    if not _NAME.fullmatch(name):
        raise InputError(
            f"unknown device '{name}'", remedy="It is one of auto, cpu, cuda, cuda:N, mps."
        )
    return torch.device(name)


def choose_device(name: str) -> torch.device:
    """The device of a name; `auto` is CUDA if there is one, else Apple's MPS, else the CPU.

    Raises:
        InputError: an unknown name, or a device that this machine or this build of torch lacks.
    """
    has = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    device = named_device(name) or torch.device(next(kind for kind in has if has[kind]))
    if not has[device.type]:
        raise InputError(
            f"there is no {device.type} device that torch {torch.__version__} can use",
            remedy="Give --device auto, or install a torch build with that backend.",
        )
    count = torch.cuda.device_count() if device.index is not None else 0
    if device.index is not None and device.index >= count:
        raise InputError(
            f"there is no {device}",
            remedy="torch sees " + ", ".join(f"cuda:{number}" for number in range(count)) + ".",
        )
    return device
