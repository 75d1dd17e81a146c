"""A fake of CUDA, so that what runs on a GPU runs on the CPU: no GPU was there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch

from nle_style.apply import stylizer
from nle_style.apply.gpu import Gpu

__all__ = ["GIB", "MIB", "FakeCuda"]

MIB, GIB = 2**20, 2**30


class FakeCuda:
    """A fake of `torch.cuda`: what is made and used, and in which order.

    Attributes:
        made: streams.
        log: ("use" | "wait" | "leave", number of the stream), in order.
        uploads: the type and the number of values of each, in order.
        free, total, reserved, allocated: bytes.
    """

    def __init__(self) -> None:
        self.made: list[Any] = []
        self.log: list[tuple[str, int]] = []
        self.uploads: list[tuple[torch.dtype, int]] = []
        self.users: dict[int, int] = {}
        self.free, self.total, self.reserved, self.allocated = 6 * GIB, 8 * GIB, 0, 0

    def install(self, patch: pytest.MonkeyPatch) -> None:
        cuda = self

        class Stream:
            def __init__(self, device: torch.device) -> None:
                self.number = len(cuda.made)
                cuda.made.append(self)

            def synchronize(self) -> None:
                cuda.log.append(("wait", self.number))

        @contextmanager
        def stream(used: Stream) -> Iterator[None]:
            assert used.number not in cuda.users, "one stream in two threads"
            cuda.users[used.number] = threading.get_ident()
            cuda.log.append(("use", used.number))
            try:
                yield
            finally:
                cuda.log.append(("leave", used.number))
                del cuda.users[used.number]

        def pin(tensor: torch.Tensor) -> torch.Tensor:
            assert cuda.users, "not in a stream"
            self.uploads.append((tensor.dtype, tensor.numel()))
            return tensor.clone()

        patch.setattr(torch.cuda, "Stream", Stream)
        patch.setattr(torch.cuda, "stream", stream)
        patch.setattr(torch.cuda, "mem_get_info", lambda device: (self.free, self.total))
        patch.setattr(torch.cuda, "memory_reserved", lambda device: self.reserved)
        patch.setattr(torch.cuda, "memory_allocated", lambda device: self.allocated)
        patch.setattr(torch.Tensor, "pin_memory", pin)
        patch.setattr(torch.backends.cudnn, "allow_tf32", True)

    def take(self, patch: pytest.MonkeyPatch, device: torch.device) -> None:
        """Every stylizer made from now on takes a device for a GPU."""
        self.install(patch)
        gpu = Gpu(device)
        patch.setattr(stylizer, "gpu_of", lambda device: gpu)
