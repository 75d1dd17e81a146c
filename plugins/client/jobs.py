"""What a job file says: looks, mattes, items, where the results go (docs/job.md)."""

import datetime
import json
import os
import uuid

__all__ = ["make_job", "make_look", "make_matte", "new_job_folder", "parse_mix", "write_json"]

VERSION = 1


def parse_mix(text):
    """ "blue" or "blue:0.7,fire:0.3" as name -> weight; the worker knows the names.

    Raises:
        ValueError: not a mix; its message is for people.
    """
    styles = {}
    for part in text.split(","):
        name, colon, weight = (each.strip() for each in part.partition(":"))
        try:
            share = float(weight) if colon else 1.0
        except ValueError:
            name = ""
        if not name or name in styles:
            raise ValueError(f"'{text}' is no look: write blue, or blue:0.7,fire:0.3")
        styles[name] = share
    return styles


def make_look(styles, strength=1.0, statistics="hybrid", stroke_scale=1.0, colour="poster"):
    """A look as the job file writes it.

    Args:
        styles: name -> weight.
        strength: 0 (the source) to 1 (the full look).
        statistics: "hybrid", "shot" or "frame".
        stroke_scale: size of the strokes in the picture, 0.25 to 4: 1 paints frames at most 1280
            pixels wide or high, less paints finer ones.
        colour: "poster" (as painted) or "source" (the clip's own chroma).
    """
    look = {"styles": dict(styles), "strength": strength, "statistics": statistics}
    # A worker of version 0.1 does not know these two, so they are left out at their defaults.
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
    device="auto",
    memory="auto",
    pack=None,
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
        device: "auto", "cpu", "cuda", "cuda:N" or "mps".
        memory: what the run may take: "auto", or a size as "4GiB".
        pack: a .safetensors file or a shipped pack's name; None for the default.
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
    # A worker of version 0.1 does not know these, so they are left out at their defaults.
    if device != "auto":
        job["control"]["device"] = device
    if memory != "auto":
        job["control"]["memory"] = memory
    if pack is not None:
        job["pack"] = pack
    if interlaced != "refuse" or conform is not None:
        job["reading"] = {"interlaced": interlaced, "conform": conform}
    return job


def write_json(data, path):
    """Write a small file, whole or not at all.

    Raises:
        OSError: the disk or its rights.
    """
    # Not mkstemp: what it makes only its owner can read, and a show's folders are shared.
    part = f"{path}.{uuid.uuid4().hex}.part"
    try:
        with open(part, "x", encoding="utf-8") as file:
            json.dump(data, file, indent=2)
        os.replace(part, path)
    finally:
        if os.path.exists(part):
            os.unlink(part)


def new_job_folder(output):
    """Make the folder of one job's file, log and report, under the results' folder.

    Returns:
        its path; its name is the job's id, and later ones sort behind it.

    Raises:
        OSError: the disk or its rights.
    """
    number = f"{datetime.datetime.now():%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:4]}"
    folder = os.path.join(output, ".nle_style_jobs", number)
    os.makedirs(folder)
    return folder
