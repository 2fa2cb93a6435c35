"""The tables of a HotSpotter database: `_hsdb` beside the folder `images`.

Lines are of cells with commas between them and no quotes, so that no cell may hold a comma; a line
that begins with `#` is a comment, but for the one that names the chips' columns. A region of
interest is `[left top width height]` in pixels of its image. Columns beyond HotSpotter's own are
kept by it as properties. The names that are not known share the number 1. So does
github.com/Erotemic/hotspotter read them (hotspotter/load_data2.py, 2014, its last format).
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import IO, Self

from camtrap.outputs.tables import replacing

_UNKNOWN = 1
_CHIPS = ("ChipID", "ImgID", "NameID", "roi[tl_x  tl_y  w  h]", "theta", "flank")


class HotSpotter:
    """Writes the tables image by image, one chip in each; a context manager."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._images: IO[str] = (folder / "image_table.csv").open(
            "w", encoding="ascii", newline="\n"
        )
        self._chips: IO[str] = (folder / "chip_table.csv").open("w", encoding="ascii", newline="\n")
        self._names: dict[str, int] = {}
        self._count = 0
        self._images.write("# image table\n# gid, gname, aif\n")
        self._chips.write(f"# chip table\n# {', '.join(_CHIPS)}\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._images.close()
        self._chips.close()
        with replacing(self._folder / "name_table.csv", encoding="ascii") as names:
            names.write("# name table\n# nid, name\n")
            names.writelines(f"{number}, {name}\n" for name, number in self._names.items())

    def add(self, image: str, name: str, box: tuple[int, int, int, int], flank: str) -> None:
        """An image with its chip; `name` is plain, and empty for an unknown individual."""
        self._count += 1
        number = self._names.setdefault(name, len(self._names) + 2) if name else _UNKNOWN
        region = " ".join(map(str, box))
        self._images.write(f"{self._count}, {image}, 1\n")
        self._chips.write(
            f"{self._count}, {self._count}, {number}, [{region}], 0.00, {flank or 'unknown'}\n"
        )
