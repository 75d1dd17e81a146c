"""nle-style with another default pack: `python tiny_worker.py PACK ...`, for a quick panel."""

import json
import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    pack = sys.argv.pop(1)
    if sys.argv[1] == "styles":
        sys.argv += ["--pack", pack]
    else:
        path = Path(sys.argv[2])
        path.write_text(json.dumps({**json.loads(path.read_text()), "pack": pack}))
    runpy.run_module("nle_style", run_name="__main__")
