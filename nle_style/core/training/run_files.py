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
from nle_style.durable import replacing
from nle_style.errors import OutputError, TrainingError

__all__ = ["Checkpoint", "RunFiles", "read_records"]

_KEEP = 2


@dataclass(frozen=True)
class Checkpoint:
    """The state of a run after `step` steps, as named tensors."""

    step: int
    tensors: Mapping[str, Tensor]


class RunFiles:
    """The folder of the parent's run, or of one style's.

    Args:
        folder: it need not be there; `begin` makes it.
        fingerprint: of the run's settings; a checkpoint with another one is refused.
    """

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self.folder, self.fingerprint = folder, fingerprint

    def latest(self) -> Checkpoint | None:
        """The newest checkpoint, or None if there is none.

        Raises:
            TrainingError: it belongs to a run with other settings, or is damaged.
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

        Raises:
            OutputError: it cannot be written.
        """
        path = self.folder / f"step-{checkpoint.step:08d}.safetensors"
        header = {"step": str(checkpoint.step), "fingerprint": self.fingerprint}
        save_tensors(path, checkpoint.tensors, header)
        for old in self._paths()[:-_KEEP]:
            old.unlink()

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob("step-*.safetensors"))

    @property
    def _metrics(self) -> Path:
        return self.folder / "metrics.jsonl"

    @property
    def _held_out(self) -> Path:
        return self.folder / "held_out.jsonl"

    def log(self, record: Mapping[str, Any]) -> None:
        """Append one step's record to metrics.jsonl.

        Raises:
            OutputError: it cannot be written.
        """
        _append(self._metrics, record)

    def log_held_out(self, record: Mapping[str, Any]) -> None:
        """Append one checkpoint's record to held_out.jsonl: `step`, `images` and both losses.

        Raises:
            OutputError: it cannot be written.
        """
        _append(self._held_out, record)

    def begin(self, step: int) -> None:
        """Make the folder, and forget the records of steps after the one that the run goes on from.

        Raises:
            OutputError: the folder cannot be made, or a file in it cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for path in (self._metrics, self._held_out):
                if path.exists():
                    kept = [record for record in read_records(path) if record["step"] <= step]
                    with replacing(path) as part:
                        part.write_text("".join(json.dumps(r) + "\n" for r in kept), "utf-8")
        except OSError as error:
            raise OutputError(f"cannot be written ({error})", where=str(self.folder)) from error

    def records(self) -> list[dict[str, Any]]:
        """What was logged so far, one record a step."""
        return read_records(self._metrics)

    def held_out_records(self) -> list[dict[str, Any]]:
        """What was logged of held-out photographs, one record a checkpoint."""
        return read_records(self._held_out)

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


def _append(path: Path, record: Mapping[str, Any]) -> None:
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
    except OSError as error:
        raise OutputError(f"cannot be written ({error.strerror})", where=str(path)) from error


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
