"""`{% draw chart %}`: a `documents.charts.Chart` as SVG."""

from django import template
from django.utils.safestring import SafeString

from documents import charts

register = template.Library()


@register.simple_tag
def draw(chart: charts.Chart) -> SafeString:
    """The chart as one `<svg>`."""
    return charts.draw(chart)
