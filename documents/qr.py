"""QR codes as inline SVG: no image request, no script, no style attribute, so the page's CSP holds."""

import segno
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe


def svg(text: str, *, label: str, size: int = 120, error: str = "m") -> SafeString:
    """`text` as a QR code in SVG, `size` units wide with its quiet zone; `label` is its alternative text."""
    code = segno.make(text, error=error, micro=False)
    border = 4
    width = code.symbol_size(border=border)[0]
    path = "".join(
        f"M{x + border} {y + border}h1v1h-1z" for y, row in enumerate(code.matrix) for x, dark in enumerate(row) if dark
    )
    return format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" class="qr" role="img" aria-label="{}" width="{}" height="{}"'
        ' viewBox="0 0 {} {}" shape-rendering="crispEdges"><rect width="{}" height="{}" fill="#fff"/>'
        '<path fill="#000" d="{}"/></svg>',
        label,
        size,
        size,
        width,
        width,
        width,
        width,
        mark_safe(path),  # noqa: S308 - digits and letters made above
    )
