"""Genes: the symbol that is stored, and every name by which a doctor may ask for it."""

from collections.abc import Iterable

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.gene_names import plain


class GeneQuerySet(models.QuerySet):
    def called(self, names: Iterable[str]) -> "GeneQuerySet":
        """The genes that any of these names means: current, former or customary, whatever its case and hyphens."""
        return self.filter(keys__overlap=[plain(name.strip()) for name in names])


class Gene(models.Model):
    """vocab.md §12: HGNC's number, the current symbol, former symbols; and the names that clinicians use."""

    symbol = models.CharField(_("gene symbol"), max_length=20, unique=True)
    hgnc_id = models.CharField(_("HGNC number"), max_length=12, blank=True)
    former = ArrayField(models.CharField(max_length=20), verbose_name=_("former symbols"), default=list, blank=True)
    customary = ArrayField(models.CharField(max_length=20), verbose_name=_("customary names"), default=list, blank=True)
    # Every name as it is compared; see `keys_of`.
    keys = ArrayField(models.CharField(max_length=20), default=list, editable=False)

    objects = GeneQuerySet.as_manager()

    class Meta:
        verbose_name = _("gene")
        verbose_name_plural = _("genes")
        ordering = ["symbol"]
        indexes = [GinIndex(fields=["keys"], name="gene_by_any_name")]
        constraints = [
            models.CheckConstraint(name="gene_has_keys", condition=~Q(keys=[])),
            models.UniqueConstraint(name="gene_hgnc_id_once", fields=["hgnc_id"], condition=~Q(hgnc_id="")),
        ]

    def __str__(self) -> str:
        return self.symbol

    @staticmethod
    def keys_of(symbol: str, former: Iterable[str], customary: Iterable[str]) -> list[str]:
        return sorted({plain(name) for name in (symbol, *former, *customary)})
