"""The first page of a PDF as a small picture, so that nobody has to open the file to know it.

PDF is a large language and whoever draws it runs code over a stranger's file. So it is done in a
process of its own, without secrets, with limits on memory and time, and only its dots come back.
"""

import io
import struct
import subprocess
import sys
from pathlib import Path

from PIL import Image

PROGRAM = Path(__file__).with_name("draw_page.py")
SECONDS = 20
"""That anybody waits for it; it is a job of the worker."""
QUALITY = 80
CHANNELS = 4


def first_page(content: bytes, *, longest: int) -> bytes:
    """The page as a JPEG whose longer side has ``longest`` dots; empty where it cannot be drawn.

    Args:
        content: of a PDF that ``files.clean`` has written anew.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own program, and no shell
            [sys.executable, "-I", str(PROGRAM), str(longest)],
            input=content,
            capture_output=True,
            timeout=SECONDS,
            check=True,
            env={},
            cwd="/",
        )
    except (subprocess.SubprocessError, OSError):
        return b""
    return _as_jpeg(done.stdout, longest)


def _as_jpeg(told: bytes, longest: int) -> bytes:
    if len(told) < 8:
        return b""
    width, height = struct.unpack(">II", told[:8])
    if not 0 < max(width, height) <= longest + 1 or len(told) != 8 + width * height * CHANNELS:
        return b""
    picture = Image.frombuffer("RGB", (width, height), told[8:], "raw", "RGBX", 0, 1)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()
