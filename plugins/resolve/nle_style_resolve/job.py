"""One job file for all clips, and the worker that runs it."""

import os
from fractions import Fraction

from .clips import Refused
from .worker_client import load_client

__all__ = ["Wanted", "job_of", "parse_styles", "ranges_to_render", "run_job"]


class Wanted:
    """One intermediate that the job renders.

    Attributes:
        media: the Media.
        first, last: positions in the source on disk, inclusive, handles included.
    """

    def __init__(self, media, first, last):
        self.media = media
        self.first = first
        self.last = last

    def holds(self, source):
        """Whether it has the frames of a SourceRange."""
        same = (self.media.path, self.media.rate) == (source.media.path, source.media.rate)
        return same and self.first <= source.first and source.last <= self.last


def parse_styles(text):
    """ "blue" or "blue:0.7,fire:0.3" as name -> weight.

    Raises:
        Refused: not a mix.
    """
    styles = {}
    for part in str(text).split(","):
        name, colon, weight = part.strip().partition(":")
        try:
            styles[name.strip()] = float(weight) if colon else 1.0
        except ValueError:
            name = ""
        if not name.strip():
            raise Refused(f"'{text}' is no style: write blue, or blue:0.7,fire:0.3")
    return styles


def ranges_to_render(sources, handles):
    """The ranges of frames that cover all clips, each frame once.

    Args:
        sources: SourceRanges.
        handles: frames before and after each.

    Returns:
        a list of Wanted: ranges of one media that overlap or touch are one.
    """
    spans = {}
    for source in sources:
        key = (source.media.path, source.media.rate)
        spans.setdefault(key, []).append((source.with_handles(handles), source.media))
    wanted = []
    for found in spans.values():
        ours = []
        for (first, last), media in sorted(found, key=lambda pair: pair[0]):
            if ours and first <= ours[-1].last + 1:
                ours[-1].last = max(ours[-1].last, last)
            else:
                ours.append(Wanted(media, first, last))
        wanted += ours
    return wanted


def job_of(wanted, settings, cancel_file):
    """The job file's content for `nle-style run`.

    Args:
        wanted: from `ranges_to_render`.
        settings: see `settings.DEFAULTS`.
        cancel_file: path; the run stops when this file appears.

    Raises:
        Refused: the settings' style is not a mix.
    """
    look = load_client().make_look(
        parse_styles(settings["style"]),
        strength=settings["strength"],
        stroke_scale=settings["stroke_scale"],
        colour=settings["colour"],
        statistics=settings["statistics"],
    )
    items = []
    for each in wanted:
        item = {"source": each.media.path, "frames": [each.first, each.last], "look": look}
        if each.media.kind != "movie":
            item["rate"] = str(Fraction(each.media.rate))
        if each.media.kind == "still":
            # A movie of one frame cannot be held as long as a still can.
            item["format"] = "exr"
        items.append(item)
    job = load_client().make_job(
        items,
        settings["output"],
        format=settings["format"],
        cancel_file=cancel_file,
        interlaced=settings["interlaced"],
        input_colour=settings["input_colour"],
    )
    if settings["pack"]:
        job["pack"] = settings["pack"]
    return job


def run_job(command, job, folder, on_event, cancelled):
    """Write the job file, run the worker to its end and tell what it says.

    Args:
        command: how to start nle-style.
        job: from `job_of`.
        folder: for job.json and worker.log.
        on_event, cancelled: as `client.Worker.watch` takes them.

    Returns:
        the client's Outcome.

    Raises:
        WorkerError, OSError: it cannot be started or understood, or the folder not be written.
    """
    path = os.path.join(folder, "job.json")
    load_client().write_job(job, path)
    worker = load_client().Worker(list(command), path, os.path.join(folder, "worker.log"))
    return worker.watch(on_event, cancelled, job["control"]["cancel_file"])
