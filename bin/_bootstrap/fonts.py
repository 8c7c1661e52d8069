"""One set of fonts for WeasyPrint and Chromium, the same on every machine: the packaged Noto SC.

A hospital that sets its own 仿宋 and 小标宋 names their folder in OFFICIAL_FONTS.
"""

import os
from pathlib import Path
from xml.sax.saxutils import escape

from . import environment

CONFIGURATION = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
{folders}
  <cachedir>{cache}</cachedir>
  <alias><family>sans-serif</family><prefer><family>Noto Sans SC</family></prefer></alias>
  <alias><family>serif</family><prefer><family>Noto Serif SC</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>Noto Sans SC</family></prefer></alias>
</fontconfig>
"""


def configure(folder: Path, packaged: Path | None = None) -> dict[str, str]:
    """Write `folder`/fonts.conf when it would change, and return the variable that names it."""
    folders = [packaged or environment.site_packages() / "pylopdf_fonts_zh_cn"]
    if own := os.environ.get("OFFICIAL_FONTS"):
        folders.append(Path(own))
    text = CONFIGURATION.format(
        folders="\n".join(f"  <dir>{escape(str(place))}</dir>" for place in folders),
        cache=escape(str(folder / "fontcache")),
    )
    path = folder / "fonts.conf"
    if not path.is_file() or path.read_text() != text:
        path.write_text(text)
    return {"FONTCONFIG_FILE": str(path)}
