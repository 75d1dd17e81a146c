"""`python cached_worker.py CACHE run JOB --events`: the real worker once, then what it said.

A job is the same when all but its cancel file is. The intermediates stay where they are, so that
tests under every variant of the fake Resolve share one render.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path


def main() -> int:
    cache, arguments = Path(sys.argv[1]), sys.argv[2:]
    job = json.loads(Path(arguments[1]).read_text(encoding="utf-8"))
    job["control"]["cancel_file"] = None
    name = hashlib.sha256(json.dumps(job, sort_keys=True).encode()).hexdigest()
    said = cache / f"{name}.json"
    if not said.is_file():
        command = [sys.executable, "-m", "nle_style", *arguments]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
        said.write_text(json.dumps([done.returncode, done.stdout.decode("utf-8")]))
    code, text = json.loads(said.read_text())
    sys.stdout.write(text)
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
