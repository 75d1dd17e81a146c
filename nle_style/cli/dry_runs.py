"""`--dry-run` of a job of clips: one call, and what it tells. Importing this loads nothing slow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from nle_style.errors import InputError

if TYPE_CHECKING:
    from nle_style.render import RenderJob

__all__ = ["refuse_plain_json", "show_job_plan"]


def show_job_plan(job: RenderJob, *, as_json: bool) -> int:
    """Print what a job would do, to the exit code that it would have."""
    from rich.console import Console

    from nle_style.cli.plan_table import print_job_plan
    from nle_style.render.cut import dry_run_job

    dry = dry_run_job(job)
    if as_json:
        print(json.dumps(dry.as_data(), indent=2, ensure_ascii=False))
    else:
        print_job_plan(dry, Console(highlight=False))
    return dry.exit_code


def refuse_plain_json(as_json: bool, dry_run: bool) -> None:
    """Raises: InputError if JSON is asked for and no plan that it is of."""
    if as_json and not dry_run:
        raise InputError(
            "is the plan of --dry-run",
            where="--json",
            remedy="Give --dry-run too, or --events for what a run does.",
        )
