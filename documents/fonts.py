"""The type a document is set in: files we know, one family name for each, and never a bold file.

When one family has a regular and a bold file and the bold one lacks a glyph, the layout engine draws
another character in its place while the text layer stays right: 张䶮 was printed 张立. So every file is a
family of its own, emphasis is another family, and nothing is set in a bold weight.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pylopdf_fonts_zh_cn
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from fontTools.ttLib import TTFont

SCHEME = "font"

# What the hospital may put in its OFFICIAL_FONTS folder (GB/T 9704—2012 asks for these four faces).
OFFICIAL = {
    "fangsong": ("仿宋_GB2312", "仿宋GB2312", "FangSong_GB2312", "仿宋", "simfang", "fangsong"),
    "biaosong": ("方正小标宋简体", "方正小标宋_GBK", "小标宋", "FZXBSJW", "FZXBSK", "biaosong"),
    "heiti": ("黑体", "simhei", "heiti"),
    "kaiti": ("楷体_GB2312", "楷体GB2312", "KaiTi_GB2312", "楷体", "simkai", "kaiti"),
}
SUFFIXES = (".ttf", ".otf")


@dataclass(frozen=True)
class Face:
    """One font file under one family name."""

    family: str
    path: Path

    @property
    def url(self) -> str:
        return f"{SCHEME}:{self.family}"


def own_faces() -> list[Face]:
    """The two faces that come with the program: Noto Serif SC and Noto Sans SC, regular."""
    return [
        Face("mj-serif", pylopdf_fonts_zh_cn.serif_path()),
        Face("mj-sans", pylopdf_fonts_zh_cn.sans_path()),
    ]


def official_faces(folder: str | None = None) -> list[Face]:
    """The hospital's own faces found in `folder` (OFFICIAL_FONTS); none when it names no folder."""
    folder = settings.OFFICIAL_FONTS if folder is None else folder
    if not folder:
        return []
    if not Path(folder).is_dir():
        raise ImproperlyConfigured(f"OFFICIAL_FONTS names no folder: {folder}")
    files = {p.stem.casefold(): p for p in sorted(Path(folder).iterdir()) if p.suffix.casefold() in SUFFIXES}
    faces = []
    for role, names in OFFICIAL.items():
        found = next((files[name.casefold()] for name in names if name.casefold() in files), None)
        if found:
            faces.append(Face(f"mj-{role}", found))
    return faces


def faces() -> list[Face]:
    return [*official_faces(), *own_faces()]


def stylesheet() -> str:
    """@font-face rules, and the lists documents use: serif, sans, and an official paper's four faces."""
    known = faces()
    rules = [f"@font-face {{ font-family: {face.family}; src: url({face.url}) }}" for face in known]
    have = {face.family for face in known}
    fall_back = {
        "fangsong": ["mj-fangsong", "mj-serif"],
        "biaosong": ["mj-biaosong", "mj-serif"],
        "heiti": ["mj-heiti", "mj-sans"],
        "kaiti": ["mj-kaiti", "mj-serif"],
        "serif": ["mj-serif"],
        "sans": ["mj-sans"],
    }
    for role, wanted in fall_back.items():
        families = list(dict.fromkeys([f for f in wanted if f in have] + ["mj-serif", "mj-sans"]))
        rules.append(f":root {{ --{role}: {', '.join(families)} }}")
    return "\n".join(rules)


@cache
def _covered(path: Path) -> frozenset[int]:
    return frozenset(TTFont(path, lazy=True).getBestCmap())


def missing(text: str) -> set[str]:
    """The characters of `text` no face can draw: a name with one needs a look before it is printed."""
    have: frozenset[int] = frozenset().union(*(_covered(face.path) for face in faces()))
    return {char for char in text if ord(char) not in have and not char.isspace()}
