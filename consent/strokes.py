"""A signature as the hand moved: strokes of points (x, y, milliseconds) in a box of 1000 × 400 units.

The browser sends JSON; what is kept is checked here, and drawn again as a path for screen and paper.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

WIDTH, HEIGHT = 1000, 400
STROKES_MAX, POINTS_MAX = 200, 12_000
# Less ink than this is a slip of the finger: the shortest names (丁一) run to several times as much.
INK_MIN = 120.0
MARGIN = 24

Stroke = list[list[float]]


def read(text: str) -> list[Stroke]:
    """The strokes in what the browser sent; nothing for an empty pad. ValidationError for anything else."""
    if not text.strip():
        return []
    try:
        return check(json.loads(text))
    except (json.JSONDecodeError, RecursionError):
        raise _unreadable() from None


def check(strokes: Any) -> list[Stroke]:
    """The same strokes, rounded, or ValidationError: too many, out of the box, going back in time, or no ink."""
    if not isinstance(strokes, list) or len(strokes) > STROKES_MAX:
        raise _unreadable()
    clean: list[Stroke] = []
    last = 0.0
    for stroke in strokes:
        if not isinstance(stroke, list):
            raise _unreadable()
        points: Stroke = []
        for point in stroke:
            x, y, at = _point(point)
            if at < last:
                raise _unreadable()
            last = at
            points.append([round(x, 1), round(y, 1), round(at)])
        if points:
            clean.append(points)
    if sum(len(stroke) for stroke in clean) > POINTS_MAX:
        raise _unreadable()
    if clean and ink(clean) < INK_MIN:
        raise ValidationError(_("The signature is too short. Please write the whole name."), code="too_short")
    return clean


def _point(point: Any) -> tuple[float, float, float]:
    if not isinstance(point, list) or len(point) < 3:
        raise _unreadable()
    numbers = point[:3]
    if not all(isinstance(one, int | float) and not isinstance(one, bool) and math.isfinite(one) for one in numbers):
        raise _unreadable()
    x, y, at = numbers
    return min(max(x, 0), WIDTH), min(max(y, 0), HEIGHT), max(at, 0)


def _unreadable() -> ValidationError:
    return ValidationError(_("The signature could not be read. Please clear it and sign again."), code="unreadable")


def ink(strokes: Sequence[Stroke]) -> float:
    """How long the line is, in units of the box."""
    return sum(math.dist(a[:2], b[:2]) for stroke in strokes for a, b in itertools.pairwise(stroke))


def path(strokes: Sequence[Stroke]) -> str:
    """The strokes as one SVG path; a lone point is a dot."""
    return "".join(
        f"M{stroke[0][0]:g} {stroke[0][1]:g}"
        + ("".join(f"L{x:g} {y:g}" for x, y, *_rest in stroke[1:]) if len(stroke) > 1 else "h.1")
        for stroke in strokes
        if stroke
    )


def svg(strokes: Sequence[Stroke], *, label: str) -> SafeString:
    """The signature alone, cut to its ink; empty when there is none."""
    points = [point for stroke in strokes for point in stroke]
    if not points:
        return SafeString("")
    left, right = min(p[0] for p in points) - MARGIN, max(p[0] for p in points) + MARGIN
    top, bottom = min(p[1] for p in points) - MARGIN, max(p[1] for p in points) + MARGIN
    return format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" class="signature-drawn" role="img" aria-label="{}"'
        ' viewBox="{} {} {} {}" preserveAspectRatio="xMinYMid meet">'
        '<path d="{}" fill="none" stroke="#111" stroke-width="7" stroke-linecap="round" stroke-linejoin="round"/></svg>',
        label,
        f"{left:g}",
        f"{top:g}",
        f"{right - left:g}",
        f"{bottom - top:g}",
        path(strokes),
    )
