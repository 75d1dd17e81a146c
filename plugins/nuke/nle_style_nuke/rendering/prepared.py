"""A render that is ready for the worker, and its job file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..installation import Installation
from ..node import Settings, frame_rate
from ..problems import Problem
from ..upstream import FrameCache
from ..worker_client import client
from .versions import Result

__all__ = ["Prepared", "write_job"]


@dataclass(frozen=True)
class Prepared:
    """A job that is ready for the worker.

    Attributes:
        node: full name of the style node.
        read_name: of the Read to come.
        settings: the snapshot that it was made from.
        installation: what runs it.
        views: their names, in the order of the job's items.
        result: version and frames, handles included.
        preview: one frame, which leaves versions alone.
        work: folder of the cache, the job file and the log.
        executed: view -> frames that Nuke rendered for it.
    """

    node: str
    read_name: str
    settings: Settings
    installation: Installation
    views: tuple[str, ...]
    result: Result
    preview: bool
    work: Path
    executed: dict[str, list[int]]

    @property
    def job(self) -> Path:
        """The job file."""
        return self.work / "job.json"

    @property
    def log(self) -> Path:
        """What the worker wrote to stderr."""
        return self.work / "worker.log"

    @property
    def cancel_file(self) -> Path:
        """Asks the worker to stop; gone when it has."""
        return self.work / "cancel"


def write_job(
    prepared: Prepared,
    name: str,
    caches: Mapping[str, FrameCache],
    mattes: Mapping[str, FrameCache],
) -> None:
    """Write the job of a render. Main thread only.

    Args:
        prepared: what is rendered.
        name: of the results, without the view.
        caches: view -> upstream frames.
        mattes: view -> the matte's frames; not looked at without a matte.

    Raises:
        Problem: the file cannot be written.
    """
    settings, result = prepared.settings, prepared.result
    items = []
    for view in prepared.views:
        start = caches[view].frames()[0]
        item = {
            "source": str(caches[view].pattern),
            "frames": [result.first - start, result.last - start],
            "look": settings.look,
            "name": f"{name}.{view}",
            "rate": frame_rate(),
        }
        if settings.matte is not None:
            offset = start - mattes[view].frames()[0]
            item["matte"] = client.make_matte(
                str(mattes[view].pattern), "r", settings.matte.invert, offset
            )
        items.append(item)
    job = client.make_job(
        items,
        str(settings.output),
        format="exr",
        depth=settings.depth,
        cancel_file=str(prepared.cancel_file),
        input_colour=settings.input_colour,
        ocio=settings.ocio,
        device=settings.device,
        memory=settings.memory,
        pack=settings.pack or None,
    )
    for stray in (prepared.cancel_file, prepared.log):
        stray.unlink(missing_ok=True)
    try:
        client.write_json(job, str(prepared.job))
    except OSError as error:
        raise Problem(f"the job file cannot be written: {error}") from error
