"""Image files in and out, one frame each: EXR, DPX, TIFF, PNG and JPEG."""

from __future__ import annotations

from nle_style.media.image.image_file import write_image
from nle_style.media.image.image_header import (
    check_size,
    icc_space,
    is_premultiplied_tga,
    read_header,
    read_image,
)
from nle_style.media.image.jpeg import check_jpeg
from nle_style.media.image.png_chunks import is_animated_png

__all__ = [
    "check_jpeg",
    "check_size",
    "icc_space",
    "is_animated_png",
    "is_premultiplied_tga",
    "read_header",
    "read_image",
    "write_image",
]
