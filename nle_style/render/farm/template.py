"""The template of a bundle's job: Open Job Description 2023-09 with TASK_CHUNKING."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["ITEMS_PER_TASK", "job_template"]

ITEMS_PER_TASK = 8
"""Intermediates measured by one task: a program's start costs more than measuring a short one."""

_NAME_LENGTH = 128  # of a job's name, at most
_NOTIFY_SECONDS = 60  # between SIGTERM and SIGKILL: a frame is finished and noted in that time


def job_template(
    name: str,
    pieces: int,
    chunk: int,
    to_measure: Sequence[int],
    *,
    farm_file: str,
    results: str,
    gpu: bool,
) -> dict[str, Any]:
    """The template as plain data: steps Measure (where shots are measured), Render, Assemble.

    The chunks' runtime is not left to the scheduler (`targetRuntimeSeconds`): their ranges would
    differ from run to run.

    Args:
        name: of the job.
        pieces: of all items, at least one.
        chunk: pieces of a task.
        to_measure: the items whose shots are measured; without any there is no Measure step.
        farm_file, results: relative to the bundle.
        gpu: whether a worker needs one to measure and render.
    """
    measured = [{"dependsOn": "Measure"}] if to_measure else None
    hosts = {"amounts": [{"name": "amount.worker.gpu", "min": 1}]} if gpu else None
    steps = [
        _step(
            "Measure",
            ["--step", "measure", "--items", "{{Task.Param.Items}}"],
            parameters=[_chunked("Items", "{{Param.Items}}", "{{Param.ItemsPerTask}}")],
            hosts=hosts,
        ),
        _step(
            "Render",
            ["--step", "render", "--pieces", "{{Task.Param.Pieces}}"],
            parameters=[_chunked("Pieces", "{{Param.Pieces}}", "{{Param.PiecesPerTask}}")],
            dependencies=measured,
            hosts=hosts,
        ),
        _step("Assemble", ["--step", "assemble"], dependencies=[{"dependsOn": "Render"}]),
    ]
    measuring = [
        {
            "name": "Items",
            "type": "STRING",
            "default": f"{min(to_measure, default=0)}-{max(to_measure, default=0)}",
            "description": "Intermediates whose shots are measured before they are painted.",
        },
        {"name": "ItemsPerTask", "type": "INT", "default": ITEMS_PER_TASK, "minValue": 1},
    ]
    return {
        "specificationVersion": "jobtemplate-2023-09",
        "extensions": ["TASK_CHUNKING"],
        "name": _plain(name),
        "parameterDefinitions": [
            {
                "name": "FarmFile",
                "type": "PATH",
                "objectType": "FILE",
                "dataFlow": "IN",
                "default": farm_file,
                "description": "The planned job; its paths are mapped by the session's rules.",
            },
            {
                "name": "OutputDir",
                "type": "PATH",
                "objectType": "DIRECTORY",
                "dataFlow": "OUT",
                "default": results,
                "description": "The folder for the results, and for what is not finished yet.",
            },
            {
                "name": "NleStyle",
                "type": "STRING",
                "default": "nle-style",
                "description": "The program on the workers.",
            },
            {
                "name": "Pieces",
                "type": "STRING",
                "default": f"0-{pieces - 1}",
                "description": "Pieces of eight frames at most, over all intermediates.",
            },
            {
                "name": "PiecesPerTask",
                "type": "INT",
                "default": chunk,
                "minValue": 1,
                "description": "Six are 48 frames.",
            },
            *(measuring if to_measure else ()),
        ],
        "jobEnvironments": [_preloaded()],
        "steps": steps if to_measure else steps[1:],
    }


def _preloaded() -> dict[str, Any]:
    """What a session starts and ends with: the process that its tasks are forked from."""
    command = "{{Param.NleStyle}}"
    return {
        "name": "Preloaded",
        "description": "Loads the program once for all tasks of a session.",
        "script": {
            "actions": {
                "onEnter": {"command": command, "args": ["preload"]},
                "onExit": {"command": command, "args": ["preload", "--stop"]},
            }
        },
    }


def _chunked(name: str, numbers: str, count: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": "CHUNK[INT]",
        "range": numbers,
        "chunks": {"defaultTaskCount": count, "rangeConstraint": "CONTIGUOUS"},
    }


def _step(
    name: str,
    arguments: Sequence[str],
    *,
    parameters: Sequence[dict[str, Any]] = (),
    dependencies: Sequence[dict[str, str]] | None = None,
    hosts: dict[str, Any] | None = None,
) -> dict[str, Any]:
    step: dict[str, Any] = {"name": name}
    if dependencies:
        step["dependencies"] = list(dependencies)
    if hosts:
        step["hostRequirements"] = hosts
    if parameters:
        step["parameterSpace"] = {"taskParameterDefinitions": list(parameters)}
    step["script"] = {
        "actions": {
            "onRun": {
                "command": "{{Param.NleStyle}}",
                "args": [
                    "run",
                    "{{Param.FarmFile}}",
                    *arguments,
                    "--output",
                    "{{Param.OutputDir}}",
                    "--path-mapping",
                    "{{Session.PathMappingRulesFile}}",
                    "--openjd",
                ],
                "cancelation": {
                    "mode": "NOTIFY_THEN_TERMINATE",
                    "notifyPeriodInSeconds": _NOTIFY_SECONDS,
                },
            }
        }
    }
    return step


def _plain(name: str) -> str:
    """A job's name, in which braces would be an expression and control characters are refused."""
    plain = "".join(letter for letter in name if letter.isprintable() and letter not in "{}")
    return plain[:_NAME_LENGTH] or "nle-style"
