"""Code 128 barcodes (ISO/IEC 15417) as inline SVG, for the one-dimensional scanners of hospitals.

Letters are written in set B and even runs of digits in set C, two to a symbol. The check symbol is the start symbol's
value plus each symbol's value times its place, modulo 103. No image request, no script, no style attribute.
"""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

# The widths of bar, space, bar, space, bar, space of the symbols 0–105, and of the stop with its closing bar.
_ALL = (
    "212222222122222221121223121322131222122213122312132212221213221312231212112232122132122231113222123122123221"
    "223211221132221231213212223112312131311222321122321221312212322112322211212123212321232121111323131123131321"
    "112313132113132311211313231113231311112133112331132131113123113321133121313121211331231131213113213311213131"
    "311123311321331121312113312311332111314111221411431111111224111422121124121421141122141221112214112412122114"
    "122411142112142211241211221114413111241112134111111242121142121241114212124112124211411212421112421211212141"
    "214121412121111143111341131141114113114311411113411311113141114131311141411131211412211214211232"
)
WIDTHS = tuple(_ALL[place : place + 6] for place in range(0, len(_ALL), 6))
STOP = "2331112"
TO_C, TO_B, START_B, START_C = 99, 100, 104, 105
QUIET = 10


def symbols(text: str) -> list[int]:
    """The values of start, data and check symbol. ValueError for what set B cannot write."""
    if not text or any(not " " <= one <= "\x7f" for one in text):
        raise ValueError(f"not writable in Code 128 set B: {text!r}")
    values: list[int] = []
    digits, place = False, 0
    while place < len(text):
        run = _digits(text, place)
        # A change of set pays from four digits at an end and six in the middle (ISO/IEC 15417, annex E).
        enough = run >= 4 and (place == 0 or place + run == len(text) or run >= 6)
        if digits and run >= 2:
            values.append(int(text[place : place + 2]))
            place += 2
        elif not digits and enough:
            if run % 2:
                # The odd digit stays in set B, before the pairs.
                values += [START_B] if not values else []
                values.append(ord(text[place]) - 32)
                place += 1
            values.append(TO_C if values else START_C)
            digits = True
        else:
            if digits or not values:
                values.append(TO_B if values else START_B)
                digits = False
            values.append(ord(text[place]) - 32)
            place += 1
    return [*values, check(values)]


def check(values: list[int]) -> int:
    return (values[0] + sum(place * value for place, value in enumerate(values[1:], start=1))) % 103


def _digits(text: str, place: int) -> int:
    end = place
    while end < len(text) and text[end] in "0123456789":
        end += 1
    return end - place


def modules(text: str) -> str:
    """The symbol in modules, "1" for a bar, without quiet zones."""
    widths = "".join(WIDTHS[value] for value in symbols(text)) + STOP
    return "".join(("1" if place % 2 == 0 else "0") * int(width) for place, width in enumerate(widths))


def svg(text: str, *, label: str, height: int = 40) -> SafeString:
    """`text` as a barcode, one unit a module, with quiet zones of ten; `label` is its alternative text. Its size on
    paper is the style sheet's: at 0.19 mm a module or wider, office and hand scanners read it."""
    row = modules(text)
    width = len(row) + 2 * QUIET
    bars, place = [], 0
    while place < len(row):
        end = place
        while end < len(row) and row[end] == row[place]:
            end += 1
        if row[place] == "1":
            bars.append(f"M{place + QUIET} 0h{end - place}v{height}h-{end - place}z")
        place = end
    return format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" class="code128" role="img" aria-label="{}" width="{}" height="{}"'
        ' viewBox="0 0 {} {}" preserveAspectRatio="none" shape-rendering="crispEdges">'
        '<rect width="{}" height="{}" fill="#fff"/><path fill="#000" d="{}"/></svg>',
        label, width, height, width, height, width, height,
        mark_safe("".join(bars)),  # noqa: S308 - digits and letters made above
    )  # fmt: skip
