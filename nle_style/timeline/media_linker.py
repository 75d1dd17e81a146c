"""`nle_style` as an OpenTimelineIO media linker: it attaches intermediates that exist.

    otio.adapters.read_from_file(
        "cut.otio",
        media_linker_name="nle_style",
        media_linker_argument_map={"folder": "/renders", "look": "blue", "media_root": "/edit"},
    )

OpenTimelineIO finds it by the entry point "opentimelineio.plugins" and plugin_manifest.json beside
this file. It runs this file by its path and not as a module of the package, where dataclasses would
fail: so the file only imports the function.
"""

from __future__ import annotations

from nle_style.timeline.relink import link_media_reference

__all__ = ["link_media_reference"]
