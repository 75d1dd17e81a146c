"""One run: the selected strips are read, painted beside Blender, and their versions placed.

Nothing in the timeline is touched before the worker is done: a cancel, a crash or a full disk
leaves it as it was.
"""

import os

import bpy

from . import client
from .job import jobs_of, results_of
from .run import Run
from .settings import chosen_in
from .strips import (
    Refused,
    need_of,
    place,
    refuse_as_exr,
    refuse_unknown_colour,
    scene_of,
    shown_strips,
)

__all__ = ["Prepared", "finish", "prepare"]


class Prepared:
    """A run that can begin.

    Attributes:
        scene: the scene's name.
        run: the Run.
        look: what it paints, for people.
        output: folder of the results.
        folder: the same as Blender is to keep it, with a separator at its end.
        lines: what is left alone already, one line a strip.
    """

    def __init__(self, scene, run, look, output, folder, lines):
        self.scene = scene
        self.run = run
        self.look = look
        self.output = output
        self.folder = folder
        self.lines = lines


def prepare(context, command):
    """Read the selected strips and the settings, and write what the worker needs.

    Args:
        command: how to start nle-style, a list.

    Raises:
        Refused: nothing can be painted; nothing was done.
    """
    if not os.path.exists(command[0]):
        raise Refused(
            f"nle-style is not where it was installed ({command[0]}). "
            "Run `nle-style install blender` again."
        )
    scene = scene_of(context)
    chosen = chosen_in(scene)
    selected = [
        each for each in shown_strips(scene) if each.select and each.type in ("MOVIE", "IMAGE")
    ]
    if not selected:
        raise Refused("Select movie or image strips first.")
    needs, lines = [], []
    for strip in selected:
        try:
            need = need_of(scene, strip)
            if need.is_images and chosen["image_format"] == "exr":
                refuse_as_exr(strip)
            if chosen["input_colour"] == "auto":
                refuse_unknown_colour(strip, need)
            needs.append(need)
        except Refused as refusal:
            lines.append(f"{strip.name}: {refusal}")
    if not needs:
        raise Refused("\n".join(lines))
    folder, output = _output(chosen["output"])
    try:
        work = client.new_job_folder(output)
    except OSError as error:
        raise Refused(f"The output folder cannot be used: {error}") from error
    jobs = jobs_of(needs, chosen, output, os.path.join(work, "cancel"))
    return Prepared(scene.name, Run(command, jobs, work), chosen["look"], output, folder, lines)


def _output(text):
    """The folder as Blender keeps it, with a separator at its end, and as the system knows it."""
    if not text or (text.startswith("//") and not bpy.data.filepath):
        raise Refused("Save the .blend first, or choose another output folder than one beside it.")
    folder = text if text.endswith(("/", os.sep)) else text + "/"
    return folder, _whole(folder)


def _whole(folder):
    return os.path.normpath(bpy.path.abspath(folder))


def finish(context, prepared):
    """Place what was painted.

    Returns:
        (the styled strips' names, a line for each strip that has none).

    Raises:
        Refused: nothing was placed; the timeline is as before.
    """
    run, scene = prepared.run, bpy.data.scenes.get(prepared.scene)
    if run.error:
        raise Refused(f"{run.error}. The timeline is as before.")
    last = run.outcomes[-1]
    if last.cancelled or last.exit_code == 130:
        raise Refused("Cancelled. What is finished is kept; the timeline is as before.")
    if last.exit_code not in (0, 2, 3):
        raise Refused(f"{last.message} The timeline is as before.")
    if scene is None:
        raise Refused("The scene is gone. What was painted is kept.")
    folder = prepared.folder
    if _whole(folder) != prepared.output:  # beside the .blend, which was saved elsewhere meanwhile
        folder = prepared.output + "/"
    placed, lines = [], list(prepared.lines)
    for job, outcome in zip(run.jobs, run.outcomes):
        for need, found in results_of(job, outcome).items():
            try:
                if isinstance(found, str):
                    raise Refused(found)
                made = place(context, scene, need, found, prepared.look, folder)
                placed.append(made.name)
            except Refused as refusal:
                lines.append(f"{need.name}: {refusal}")
    if not placed:
        raise Refused("\n".join(dict.fromkeys(lines)))
    return placed, lines
