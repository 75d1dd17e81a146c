"""The jobs that paint the strips' needs: one for each way that their files are encoded."""

import hashlib
import json
import os
import re

from . import client

__all__ = ["Job", "jobs_of", "results_of"]


class Job:
    """One job file's content, and whose needs are its items.

    Attributes:
        data: the job.
        needs: the needs, in the order of their items.
    """

    def __init__(self, data, needs):
        self.data = data
        self.needs = needs


def jobs_of(needs, chosen, output, cancel_file):
    """The jobs of a run.

    Args:
        needs: Needs.
        chosen: the settings as plain data, see `settings.chosen_in`.
        output: folder for the results.
        cancel_file: the run stops when this file appears.
    """
    look = client.make_look(
        chosen["styles"],
        strength=chosen["strength"],
        stroke_scale=chosen["stroke_scale"],
        colour=chosen["colour"],
    )
    grouped = {}
    for need in needs:
        colour = need.colour if chosen["input_colour"] == "auto" else chosen["input_colour"]
        grouped.setdefault(colour, []).append(need)
    jobs = []
    for colour, members in grouped.items():
        items = [_item(each, need, look, chosen) for need in members for each in need.items]
        data = client.make_job(
            items,
            output,
            cancel_file=cancel_file,
            input_colour=colour,
            pack=chosen["pack"] or None,
        )
        jobs.append(Job(data, members))
    return jobs


def _item(item, need, look, chosen):
    """An item with its look, under a name that no other look, format or pack has.

    A strip that is styled already keeps its file when another is styled otherwise; and Blender
    keeps files open that it plays.
    """
    format_ = chosen["image_format"] if need.is_images else chosen["movie_format"]
    what = json.dumps([look, format_, chosen["pack"]], sort_keys=True)
    mark = hashlib.sha256(what.encode("utf-8")).hexdigest()[:6]
    stem = os.path.splitext(os.path.basename(item["source"]))[0]
    stem = re.sub(r"[._-]?%0\d+d$", "", stem) or "image"
    name = f"{stem}.{'-'.join(look['styles'])}-{mark}"
    made = {**item, "look": look, "format": format_, "name": name}
    return {**made, "reading": {"as_stored": True}} if need.as_stored else made


def results_of(job, outcome):
    """What the worker delivered: need -> a list of its items' events, or the reason for none.

    Args:
        job: the Job.
        outcome: the client's Outcome of it.
    """
    results, index = {}, 0
    for need in job.needs:
        mine = [outcome.items.get(index + number) for number in range(len(need.items))]
        index += len(need.items)
        lost = [each for each in mine if each is None or each["status"] == "refused"]
        reasons = [each["message"] if each else outcome.message for each in lost]
        results[need] = reasons[0] if reasons else mine
    return results
