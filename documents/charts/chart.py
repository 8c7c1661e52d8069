"""What a chart says, apart from how it is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Literal

from documents.templatetags.formats import NONE, percent

Number = int | float | None
Kind = Literal["bars", "columns", "stacked", "lines"]


@dataclass(frozen=True)
class Series:
    """One row of a chart. A rate has `numerators` and `denominators` and no values; a count has `values`."""

    label: str
    values: Sequence[Number] = ()
    numerators: Sequence[int | None] = ()
    denominators: Sequence[int | None] = ()

    @property
    def is_rate(self) -> bool:
        return bool(self.denominators)

    def value(self, index: int) -> Number:
        """The count, or the rate in per cent; None when there is nothing to show (denominator 0)."""
        if not self.is_rate:
            return self.values[index]
        numerator, denominator = self.numerators[index], self.denominators[index]
        return None if numerator is None or not denominator else 100 * numerator / denominator

    def text(self, index: int) -> str:
        """The value as it is printed beside its mark."""
        if self.is_rate:
            return percent(self.numerators[index], self.denominators[index])
        return plain(self.values[index])

    def cell(self, index: int) -> str:
        """The value as it is printed in the table behind the chart, with its denominator."""
        if not self.is_rate or not self.denominators[index]:
            return self.text(index)
        return f"{self.text(index)}（{self.numerators[index]}/{self.denominators[index]}）"


@dataclass(frozen=True)
class Chart:
    """What a chart says. `finding` is the sentence a reader should take away; it is the alternative text."""

    kind: Kind
    title: str
    labels: Sequence[str]
    series: Sequence[Series]
    unit: str = ""
    cut_off: date | None = None
    finding: str = ""
    label_title: str = ""
    note: str = ""

    @property
    def rows(self) -> list[tuple[str, list[str]]]:
        """The table behind the chart."""
        return [(label, [s.cell(i) for s in self.series]) for i, label in enumerate(self.labels)]

    @property
    def key(self) -> str:
        """Keeps the ids of two charts on one page apart."""
        words = repr((self.kind, self.title, self.labels, self.series))
        return "c" + sha256(words.encode()).hexdigest()[:8]


def plain(value: Number) -> str:
    """A number as printed: 1,128 or 3,600.5; a dash when there is none."""
    if value is None:
        return NONE
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"
