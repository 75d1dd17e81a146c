"""One job in many processes, here or on the machines of a farm."""

from __future__ import annotations

from nle_style.render.farm.bundle import RESULTS, make_farm_job, write_bundle
from nle_style.render.farm.farm_job import FarmBatch, is_farm_job, read_farm_job
from nle_style.render.farm.fork_server import serve_preloaded
from nle_style.render.farm.path_rules import PathRules, mapped_job, read_path_rules
from nle_style.render.farm.preloaded import (
    ADDRESS,
    SERVE,
    Program,
    end_with,
    run_preloaded,
    start_preloaded,
    stop_preloaded,
)
from nle_style.render.farm.steps import FarmRun, batch_options
from nle_style.render.farm.workers import run_in_workers, session_workers

__all__ = [
    "ADDRESS",
    "RESULTS",
    "SERVE",
    "FarmBatch",
    "FarmRun",
    "PathRules",
    "Program",
    "batch_options",
    "end_with",
    "is_farm_job",
    "make_farm_job",
    "mapped_job",
    "read_farm_job",
    "read_path_rules",
    "run_in_workers",
    "run_preloaded",
    "serve_preloaded",
    "session_workers",
    "start_preloaded",
    "stop_preloaded",
    "write_bundle",
]
