"""Media in and out: exact frames from movies and image sequences, and intermediates written whole.

Import the modules by name: `probe` (what a file is), `read` (its frames), `formats` (what can be
written) and `write` (writing it). The others are their parts.
"""

from __future__ import annotations

__all__: list[str] = []
