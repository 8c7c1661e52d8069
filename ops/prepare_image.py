"""Run once while the image is built: compile the Chinese messages, write the fonts' configuration."""

import sys
from pathlib import Path

import pylopdf_fonts_zh_cn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bin"))

from _bootstrap import fonts, messages

fonts.configure(Path("/etc/mingjian"), Path(pylopdf_fonts_zh_cn.__file__).parent)
messages.compile_all()
