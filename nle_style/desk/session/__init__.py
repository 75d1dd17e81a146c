"""What the desk knows and does, without a browser: shots, looks, pictures, renders."""

from __future__ import annotations

from nle_style.desk.session.clips import timeline_of_clips
from nle_style.desk.session.cut import Request, timeline_for
from nle_style.desk.session.desk_session import Desk
from nle_style.desk.session.pictures import HEIGHTS
from nle_style.desk.session.wishes import Wish

__all__ = ["HEIGHTS", "Desk", "Request", "Wish", "timeline_for", "timeline_of_clips"]
