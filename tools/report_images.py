"""Take the pictures of report.html in docs/images: `tools/report_images.py SCAN_FOLDER`.

Needs a Chromium; pngquant, where it is installed, makes the files small. The pictures in the
documentation are of the example set (`make scan`, then `tools/report_images.py runs/quickstart`).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from report.browser import browsing  # noqa: E402 - the tests' own browser

from curation_gate.report.html import render  # noqa: E402

PICTURES = {
    # name: (width, height, dark, what stands at the top: an id, or nothing for the start)
    "report-desktop-light": (1180, 1000, False, None),
    "report-desktop-dark": (1180, 1000, True, "flagged-rows"),
    "report-phone-light": (390, 1000, False, None),
    "report-phone-dark": (390, 1000, True, "flagged-rows"),
    "report-charts": (1180, 700, False, "influence"),
}


def main(folder: Path) -> None:
    """Write the pictures."""
    target = ROOT / "docs" / "images"
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, browsing() as browser:
        page = Path(name) / "report.html"
        page.write_text(render(folder, name=Path("reviews.jsonl.curation")), encoding="utf-8")
        for picture, (width, height, dark, place) in PICTURES.items():
            browser.open(page, width=width, height=height, dark=dark)
            top = 0
            if place is not None:
                at = f"document.getElementById('{place}').getBoundingClientRect().top + scrollY"
                top = max(0, int(browser.run(at)) - 30)
            path = target / f"{picture}.png"
            path.write_bytes(browser.picture(top, height))
            if tool := shutil.which("pngquant"):
                subprocess.run(  # noqa: S603 - our own files
                    [tool, "--force", "--strip", "--output", str(path), "64", str(path)], check=True
                )
            print(f"{path.relative_to(ROOT)} {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
