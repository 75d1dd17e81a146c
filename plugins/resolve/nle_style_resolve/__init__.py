"""NLE Style in DaVinci Resolve: styled versions of the selected clips, as takes.

Standard library and Resolve's own objects only, fit for Python 3.9: this runs in Resolve's Python.
The painting is done by a worker, `nle-style run`, in a process of its own (`plugins/client`).
Not run in Resolve: tested against a fake one that is cut out of Blackmagic's list of methods.

    menu      what the Scripts menu starts; external: the same from a terminal
    flow      one run: clips are chosen, job has them rendered, and the results are placed
    asking/   the settings of a run
    clips/    which clips are meant, and which frames they show
    project/  what is changed in the project, and how it is put back
    host      which Resolve this is, and the one way to call it
"""

import os

__all__ = []

# For `client`, which every host shares; see there.
__path__.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
