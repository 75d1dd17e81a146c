"""Render an NLEStyle node without a GUI; init.py must have been run, as `install nuke` has it.

nuke -t render_node.py SCRIPT.nk NLEStyle1 --frames 1001-1048 --views left,right
"""

import sys

from nle_style_nuke.headless import main

__all__ = []

sys.exit(main(sys.argv[1:]))
