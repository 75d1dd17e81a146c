"""NLE Style in Blender's video sequencer: a styled strip for each selected movie or image strip.

Standard library and bpy only, fit for Python 3.9: this runs in Blender's Python. The painting is
done by a worker, `nle-style run`, in a process of its own (`plugins/client`). Run in Blender 3.4
and in bpy 5.0.

    registration  what Blender loads and unloads
    settings      what is chosen, kept with the scene; catalogue: the looks and their pictures
    panel         the tab in the sequencer's sidebar; operators: its buttons
    flow          one run; job, run: the job file, and the worker that runs it beside Blender
    strips/       which frames strips show, and their styled versions
"""

import os

__all__ = []

# For `client`, which every host shares; see there.
__path__.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
