from .bundle import RESULTS, bundle_files, make_farm_job, write_bundle
from .farm_job import FarmBatch, is_farm_job, read_farm_job
from .path_rules import PathRules, mapped_job, read_path_rules
from .steps import FarmRun, batch_options
from .workers import run_in_workers

__all__ = [
    "RESULTS",
    "FarmBatch",
    "FarmRun",
    "PathRules",
    "batch_options",
    "bundle_files",
    "is_farm_job",
    "make_farm_job",
    "mapped_job",
    "read_farm_job",
    "read_path_rules",
    "run_in_workers",
    "write_bundle",
]
