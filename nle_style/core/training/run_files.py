"""What a training run leaves on disk: checkpoints, metrics and contact sheets of each style.

CHECKPOINTS/loss.png                    style and content loss of every style, smoothed; those of
                                        held-out photographs
CHECKPOINTS/STYLE/step-00000100.safetensors   the last two; network, average and Adam's state
CHECKPOINTS/STYLE/metrics.jsonl         one line a step
CHECKPOINTS/STYLE/held_out.jsonl        one line a checkpoint, if photographs are held out
CHECKPOINTS/STYLE/sheet-00000100.png    the preview images, and their paintings

The parent has a folder like a style's, `parent`, without sheets.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from nle_style.core.network import StyleNetwork
from nle_style.core.overscan import paint_with_overscan
from nle_style.core.sheets import contact_sheet
from nle_style.core.tensor_file import save_tensors
from nle_style.durable import make_folders, write_file, writing_into
from nle_style.errors import TrainingError

__all__ = ["Checkpoint", "RunFiles", "read_records"]

_KEEP = 2


@dataclass(frozen=True)
class Checkpoint:
    """The state of a run after `step` steps, as named tensors."""

    step: int
    tensors: Mapping[str, Tensor]


@dataclass(frozen=True)
class Log:
    """A file of records, one JSON line each."""

    path: Path

    def append(self, record: Mapping[str, Any]) -> None:
        """Add a record, which has at least its `step`.

        Raises: OutputError if it cannot be written.
        """
        with writing_into(self.path), self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")

    def read(self) -> list[dict[str, Any]]:
        """The records, see `read_records`."""
        return read_records(self.path)

    def rewind(self, step: int) -> None:
        """Forget the records of later steps.

        Raises: OutputError if it cannot be written.
        """
        if self.path.exists():
            kept = [record for record in self.read() if record["step"] <= step]
            write_file(self.path, "".join(json.dumps(record) + "\n" for record in kept))


class RunFiles:
    """The folder of the parent's run, or of one style's.

    Args:
        folder: it need not be there; `begin` makes it.
        fingerprint: of the run's settings; a checkpoint with another one is refused.

    Attributes:
        metrics: one record a step.
        held_out: one record a checkpoint: `step`, `images` and both losses.
    """

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self.folder, self.fingerprint = folder, fingerprint
        self.metrics, self.held_out = Log(folder / "metrics.jsonl"), Log(folder / "held_out.jsonl")

    def latest(self) -> Checkpoint | None:
        """The newest checkpoint, or None if there is none.

        Raises: TrainingError if it belongs to a run with other settings, or is damaged.
        """
        paths = self._paths()
        if not paths:
            return None
        path = paths[-1]
        try:
            with safetensors.safe_open(path, "pt") as file:
                header = file.metadata() or {}
            tensors = safetensors.torch.load_file(path)
        except Exception as error:  # safetensors raises several kinds for a damaged file
            raise TrainingError(
                f"the checkpoint is damaged ({error})",
                where=str(path),
                remedy="Delete it; the one before it is used then.",
            ) from error
        if header.get("fingerprint") != self.fingerprint:
            raise TrainingError(
                "the checkpoint is of a run with other posters, photos or settings",
                where=str(path),
                remedy="Give the settings it was begun with, or another --checkpoints folder.",
            )
        return Checkpoint(int(header["step"]), tensors)

    def save(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint, whole or not at all, and drop all but the last two.

        Raises: OutputError if it cannot be written.
        """
        path = self.folder / f"step-{checkpoint.step:08d}.safetensors"
        header = {"step": str(checkpoint.step), "fingerprint": self.fingerprint}
        save_tensors(path, checkpoint.tensors, header)
        for old in self._paths()[:-_KEEP]:
            old.unlink()

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob("step-*.safetensors"))

    def begin(self, step: int) -> None:
        """Make the folder, and forget the records of steps after the one that the run goes on from.

        Raises: OutputError if the folder cannot be made, or a file in it cannot be written.
        """
        make_folders(self.folder)
        for log in (self.metrics, self.held_out):
            log.rewind(step)

    @torch.no_grad()
    def draw_sheet(
        self, step: int, network: StyleNetwork, preview: Sequence[Tensor], device: str
    ) -> Path:
        """Draw a contact sheet of preview images (3, H, W), RGB, 0-1, and their paintings."""
        rows = []
        for image in preview:
            painted = paint_with_overscan(network, image[None].to(device))[0].cpu()
            rows.append([cell.permute(1, 2, 0).numpy() for cell in (image, painted)])
        path = self.folder / f"sheet-{step:08d}.png"
        contact_sheet(["source", self.folder.name], rows).save(path)
        return path


def read_records(path: Path) -> list[dict[str, Any]]:
    """The records of metrics.jsonl or held_out.jsonl up to the first torn line; [] if missing."""
    if not path.exists():
        return []
    records = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError:
            break  # a run that was killed while it wrote; what follows is written again
    return records
