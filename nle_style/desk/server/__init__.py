"""The desk over HTTP, on this machine alone. Needs the extra `[desk]`."""

from __future__ import annotations

from nle_style.desk.server.locked import Keys
from nle_style.desk.server.serving import serve

__all__ = ["Keys", "serve"]
