"""The plugins' side of a job: write it, start the worker, read what it tells.

Standard library only and fit for Python 3.9: this runs inside Nuke's and Resolve's interpreters,
which must never see torch. The worker is a separate process of the interpreter that nle_style is
installed in. Not yet run in Nuke or Resolve.
"""

import json
import os
import subprocess
import tempfile

__all__ = [
    "Worker",
    "WorkerError",
    "make_job",
    "make_look",
    "make_matte",
    "read_job",
    "worker_environment",
    "write_job",
]

VERSION = 1

# What a host application sets for its own interpreter and libraries would break ours.
_HOST_VARIABLES = ("PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


class WorkerError(Exception):
    """The worker cannot be started, or what it says cannot be understood."""


def make_look(styles, strength=1.0, statistics="hybrid", stroke_scale=1.0, colour="poster"):
    """A look as the job file writes it.

    Args:
        styles: name -> weight.
        strength: 0 (the source) to 1 (the full look).
        statistics: "hybrid", "shot" or "frame".
        stroke_scale: size of the strokes in the picture, 0.25 to 4.
        colour: "poster" (as painted) or "source" (the clip's own chroma).
    """
    look = {"styles": dict(styles), "strength": strength, "statistics": statistics}
    # A worker of version 0.1 does not know these two: say them only where they say something.
    if stroke_scale != 1:
        look["stroke_scale"] = stroke_scale
    if colour != "poster":
        look["colour"] = colour
    return look


def make_matte(source, channel="auto", invert=False, offset=0):
    """A matte as the job file writes it.

    Args:
        source: path of a movie, a still, or a sequence as name.%06d.exr.
        channel: "auto" (alpha if it has one, else luma), "alpha", "luma", "r", "g" or "b".
        invert: paint where it is black.
        offset: frame n of the clip has the matte's frame n + offset, both counted from 0.
    """
    return {"source": source, "channel": channel, "invert": invert, "offset": offset}


def make_job(
    items,
    directory,
    format="auto",
    depth="auto",
    handles=0,
    cancel_file=None,
    interlaced="refuse",
    conform=None,
    input_colour="auto",
    ocio=None,
):
    """A job of version 1.

    Args:
        items: dicts of `source` (path), `frames` ([first, last], inclusive, or None), `look` (from
            `make_look`) and optionally `name`, `matte` (from `make_matte`: where the look is
            painted) and `layers` (a list of dicts of `matte` and `look`, later over earlier).
        directory: folder for the results.
        format, depth, handles: as on the command line.
        cancel_file: the run is cancelled when this file appears.
        interlaced: "refuse" or "deinterlace".
        conform: None, or the constant rate that movies are read at: "25", "24000/1001".
        input_colour: "auto", "srgb", "rec709", "linear", or an OpenColorIO colour space's name.
        ocio: an .ocio or .ocioz file; None for the built-in configuration.
    """
    colour = {"input": input_colour}
    if ocio is not None:  # a worker of version 0.1 does not know the key
        colour["ocio"] = ocio
    job = {
        "nle_style_job": VERSION,
        "items": list(items),
        "output": {
            "directory": directory,
            "format": format,
            "depth": depth,
            "handles": handles,
        },
        "colour": colour,
        "control": {"cancel_file": cancel_file, "resume": True},
    }
    # A worker of version 0.1 does not know this part: say it only where it says something.
    if interlaced != "refuse" or conform is not None:
        job["reading"] = {"interlaced": interlaced, "conform": conform}
    return job


def write_job(job, path):
    """Write a job as JSON (which is YAML), whole or not at all."""
    folder = os.path.dirname(os.path.abspath(path))
    handle, part = tempfile.mkstemp(suffix=".part", dir=folder)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(job, file, indent=2)
        os.replace(part, path)
    except BaseException:
        os.unlink(part)
        raise


def read_job(path):
    """Read back a job that was written by `write_job`.

    Raises:
        WorkerError: not a job of this version.
    """
    with open(path, encoding="utf-8") as file:
        job = json.load(file)
    if not isinstance(job, dict) or job.get("nle_style_job") != VERSION:
        raise WorkerError(f"{path}: not a job of version {VERSION}")
    return job


def worker_environment(environment=None):
    """This process's environment without what the host set for itself."""
    source = os.environ if environment is None else environment
    return {
        name: value
        for name, value in source.items()
        if name not in _HOST_VARIABLES and not name.startswith("QT_")
    }


class Worker:
    """One run of `nle-style run JOB --events` in a process of its own.

    Args:
        command: how to start nle-style: a list, for instance
            ["/opt/nle_style/bin/python", "-m", "nle_style"].
        job: path of the job file.
        log: path for what the worker writes to stderr.

    Raises:
        WorkerError: the interpreter cannot be started.
    """

    def __init__(self, command, job, log):
        self._log = open(log, "ab")  # noqa: SIM115  (closed when the process has ended)
        try:
            self._process = subprocess.Popen(
                [*command, "run", job, "--events"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=self._log,
                env=worker_environment(),
            )
        except OSError as error:
            self._log.close()
            raise WorkerError(f"nle-style cannot be started ({command[0]}): {error}") from error

    def events(self):
        """Yield the worker's events as dicts, until it ends.

        Raises:
            WorkerError: a line that is not an event.
        """
        for line in self._process.stdout:
            try:
                event = json.loads(line.decode("utf-8"))
            except ValueError:
                event = None
            if not isinstance(event, dict) or "event" not in event:
                raise WorkerError(f"the worker said {line[:200]!r}")
            yield event

    def cancel(self, patience=5.0):
        """Ask the worker to stop after its frame; kill it if it has not within `patience` seconds.

        Returns:
            the exit code.
        """
        self._process.terminate()
        try:
            return self._end(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._end(None)

    def wait(self):
        """Wait for the end; returns the exit code (see DESIGN: 0, 1, 2, 3 or 130)."""
        return self._end(None)

    def _end(self, timeout):
        code = self._process.wait(timeout)
        self._process.stdout.close()
        self._log.close()
        return code
