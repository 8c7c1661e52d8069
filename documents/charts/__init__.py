"""Charts as SVG made on the server, the same in the page and in the PDF.

No script and no style, presentation attributes only, so that a strict content policy and WeasyPrint both take them.
Each names its unit, its denominators and its cut-off date, labels its marks directly, and tells bars apart by hatching
and lines by dash and mark, so that a grey print can be read. Numbers are drawn as given: figures to the bureau stay
exact (a clue is 1件).
"""

from django.utils.safestring import SafeString

from documents.charts import kinds
from documents.charts.chart import Chart, Series

__all__ = ["Chart", "Series", "draw"]

DRAWN = {"bars": kinds.bars, "columns": kinds.columns, "stacked": kinds.columns, "lines": kinds.lines}


def draw(chart: Chart) -> SafeString:
    """The chart as one `<svg>`."""
    return DRAWN[chart.kind](chart)
