"""Pages in a real browser: what overflows, which letters have no glyph, how many sheets it prints.

Chromium is asked on its command line and nothing is installed for it. A page forbids scripts, so
what is measured is a copy without that rule and with a script that looks at it.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--no-first-run",
    "--no-default-browser-check",
)

# What sticks out of the page is wider than it; a table that scrolls in itself does not.
_MEASURE = """
const found = {width: document.documentElement.clientWidth,
  overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  wide: [], dark: matchMedia("(prefers-color-scheme: dark)").matches,
  background: getComputedStyle(document.body).backgroundColor, labels: [], boxes: [], missing: []};
for (const element of document.body.querySelectorAll("*")) {
  const box = element.getBoundingClientRect();
  if (box.width && box.right > found.width + 1 && !element.closest("svg, thead, .paper"))
    found.wide.push(element.tagName + "." + element.className + " " + Math.round(box.right));
}
const map = document.querySelector("svg.map");
if (map) {
  const inside = map.getBBox ? map.viewBox.baseVal : null;
  for (const name of map.querySelectorAll("text.name")) {
    const box = name.getBBox();
    found.labels.push([name.textContent, box.x, box.y, box.x + box.width, box.y + box.height]);
  }
  found.boxes = [inside.width, inside.height];
}
// A letter without a glyph is drawn as the box that this one, which no font holds, is drawn as.
const canvas = document.createElement("canvas"); canvas.width = canvas.height = 40;
const pen = canvas.getContext("2d", {willReadFrequently: true});
pen.font = "24px " + getComputedStyle(document.body).fontFamily; pen.textBaseline = "top";
const drawn = letter => { pen.clearRect(0, 0, 40, 40); pen.fillText(letter, 4, 4);
  return pen.getImageData(0, 0, 40, 40).data.join(); };
const nothing = new Set(["\\u0378", "\\u{2FFFE}", "\\uFFFF"].map(drawn));
for (const letter of new Set(document.body.innerText))
  if (letter.trim() && nothing.has(drawn(letter))) found.missing.push(letter);
"""


def chromium() -> str:
    """The browser's name, or the test is skipped."""
    name = next((name for name in NAMES if shutil.which(name)), None)
    if name is None:
        pytest.skip("no Chromium is installed to look at the page with")
    return name


def measured(page: Path, width: int, *, dark: bool = False) -> dict[str, Any]:
    """Look at a page in a window of so many pixels; see `_MEASURE` for what is told."""
    with tempfile.TemporaryDirectory(prefix="camtrap-browser-") as folder:
        looked, frame = Path(folder) / "page.html", Path(folder) / "frame.html"
        markup = page.read_text(encoding="utf-8")
        markup = re.sub(r'<meta http-equiv="[^>]*>', "", markup)
        script = f"<script>{_MEASURE} parent.postMessage(JSON.stringify(found), '*');</script>"
        looked.write_text(markup.replace("</body>", f"{script}</body>"), encoding="utf-8")
        # Chromium's own window is never narrower than 500 pixels; a frame in it may be.
        frame.write_text(
            '<!DOCTYPE html><meta charset="utf-8"><pre id="told"></pre><script>'
            "onmessage = e => document.getElementById('told').textContent = e.data;</script>"
            f'<iframe src="page.html" style="width:{width}px;height:900px;border:0"></iframe>',
            encoding="utf-8",
        )
        said = _run(
            folder,
            *(["--blink-settings=preferredColorScheme=0"] if dark else []),
            f"--window-size={max(width + 40, 500)},1000",
            "--virtual-time-budget=20000",
            "--dump-dom",
            frame.as_uri(),
        )
    match = re.search(r'<pre id="told">(.*?)</pre>', said, re.S)
    assert match and match[1], f"the page was not measured: {said[:300]}"
    found: dict[str, Any] = json.loads(html.unescape(match[1]))
    return found


def printed_pages(page: Path) -> int:
    """How many sheets of paper the page takes, by its own style for printing."""
    with tempfile.TemporaryDirectory(prefix="camtrap-browser-") as folder:
        path = Path(folder) / "page.pdf"
        _run(folder, "--no-pdf-header-footer", f"--print-to-pdf={path}", page.resolve().as_uri())
        return len(re.findall(rb"/Type\s*/Page\b(?!s)", path.read_bytes()))


def _run(folder: str, *options: str) -> str:
    command = [
        chromium(),
        "--headless",
        *OPTIONS,
        "--hide-scrollbars",
        f"--user-data-dir={folder}/profile",
        *options,
    ]
    # It looks for a session bus, and says so at length where there is none.
    environment = {**os.environ, "DBUS_SESSION_BUS_ADDRESS": "disabled:"}
    ended = subprocess.run(command, capture_output=True, timeout=120, check=False, env=environment)
    assert ended.returncode == 0, ended.stderr.decode(errors="replace")[-500:]
    return ended.stdout.decode("utf-8", errors="replace")
