"""A program of its own that draws the first page of a PDF; started by ``files.drawing`` only.

A PDF comes in at standard input; out at standard output come its width and height as two numbers
of four bytes and then nothing but the dots, so that whatever takes over this process can say no
more than a picture. It has no secrets, opens no file once it has read, and is stopped by limits.
"""

import io
import resource
import struct
import sys

import pypdfium2

MEMORY = 1_500_000_000  # bytes of addresses; a page that needs more is not drawn
SECONDS = 10  # of computing


def main() -> None:
    longest = int(sys.argv[1])
    content = sys.stdin.buffer.read()
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 3),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    page = pypdfium2.PdfDocument(io.BytesIO(content))[0]
    drawn = page.render(
        scale=longest / max(*page.get_size(), 1), rev_byteorder=True, prefer_bgrx=True
    )
    line = drawn.width * drawn.n_channels
    sys.stdout.buffer.write(struct.pack(">II", drawn.width, drawn.height))
    dots = bytes(drawn.buffer)
    for top in range(drawn.height):
        sys.stdout.buffer.write(dots[top * drawn.stride : top * drawn.stride + line])


if __name__ == "__main__":
    main()
