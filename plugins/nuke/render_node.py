"""Render an NLEStyle node without a GUI; init.py must have been run, as `install nuke` has it.

nuke -t render_node.py SCRIPT.nk NLEStyle1 --frames 1001-1048 --views left,right
"""

import sys

import nuke
from nle_style_nuke.headless import main, words_behind

__all__ = []

sys.exit(main(words_behind(sys.argv, nuke.rawArgs)))
