# ruff: noqa: INP001 - a script, not a package
"""Draws the README's picture anew: `python docs/picture.py` writes docs/images/blocks.png.

The page is made by code (tests/documents/showcase.py) and drawn by `recto parse --draw`; then the picture is
reduced to a palette, which makes it three times smaller. Look at it before you commit it.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "images" / "blocks.png"
DPI = 96  # 816 pixels wide: as wide as a page of documentation is shown
COLOURS = 128


def main() -> None:
    """Make the page, draw it, store the picture."""
    sys.path.insert(0, str(ROOT / "tests"))
    from documents.showcase import harbour_pdf  # noqa: PLC0415 - found on the path set above

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "page.pdf").write_bytes(harbour_pdf())
        run = "from recto.cli.main import app; app()"
        words = ["parse", str(folder / "page.pdf"), "--draw", str(folder), "--dpi", str(DPI)]
        subprocess.run([sys.executable, "-c", run, *words], check=True, stdout=subprocess.DEVNULL)  # noqa: S603
        with Image.open(folder / "page-0001.png") as drawn:
            drawn.convert("RGB").quantize(COLOURS).save(PICTURE, optimize=True)
    sys.stdout.write(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
