"""The plugins' side of a job: write it, start the worker, read what it tells.

Standard library only and fit for Python 3.9: this runs inside the interpreters of Blender, Nuke and
Resolve, which must never see torch. The worker is a separate process of the interpreter that
nle_style is installed in. Run in Blender; not yet in Nuke or Resolve.

The folder that this one lies in must not be on `sys.path`: other folders in it have the names of
the hosts' own modules. Each plugin has it on its package's `__path__`, so that this is a module of
its own, and is loaded anew with it.

    jobs    what a job file says
    worker  the process that runs it
"""

from .jobs import make_job, make_look, make_matte, new_job_folder, parse_mix, write_json
from .worker import Outcome, Worker, WorkerError, list_packs, run_job, worker_environment

__all__ = [
    "Outcome",
    "Worker",
    "WorkerError",
    "list_packs",
    "make_job",
    "make_look",
    "make_matte",
    "new_job_folder",
    "parse_mix",
    "run_job",
    "worker_environment",
    "write_json",
]
