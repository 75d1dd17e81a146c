"""The desk: choose looks and judge shots by eye, on one's own machine.

What it renders, it renders through `render`; `review/` is judging without a server.
"""

from __future__ import annotations

__all__: list[str] = []
