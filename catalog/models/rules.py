"""What is not indicated, and which drug asks for which target."""

from functools import cached_property

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.targets.criteria import Use, read_uses


class NotIndicated(models.Model):
    """A test that is asked for again and again and has no place in the catalog, with the answer to give."""

    code = models.CharField(_("code"), max_length=8, unique=True)
    item = models.CharField(_("test"), max_length=120)
    why = models.CharField(_("why not"), max_length=120)
    handling = models.CharField(_("handling"), max_length=120)
    message = models.CharField(_("answer to give"), max_length=200, blank=True)
    basis = models.CharField(_("basis"), max_length=120)
    confidence = models.CharField(_("certainty"), max_length=12)
    # By which words it is meant: each entry, or all parts of an entry joined by “+” (see `catalog.restricted`).
    keywords = ArrayField(
        models.CharField(max_length=60), verbose_name=_("words that mean it"), default=list, blank=True
    )

    class Meta:
        verbose_name = _("test not indicated")
        verbose_name_plural = _("tests not indicated")
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.item}"


class DrugTargetRule(models.Model):
    """Clause A31: which target stands before which drug, for which indication and line; not by drug alone."""

    class Need(models.TextChoices):
        TEST = "test", _("Test required")
        PATHOLOGY = "pathology", _("Pathology required, gene test recommended")
        NONE = "none", _("No test required")
        LABEL = "label", _("As the label of each drug says")

    edition = models.ForeignKey(
        "catalog.RuleEdition", models.PROTECT, related_name="rules", verbose_name=_("edition of the drug rules")
    )
    code = models.CharField(_("code"), max_length=8)
    drugs = models.CharField(_("drugs"), max_length=120)
    indication = models.CharField(_("indication"), max_length=120)
    line = models.CharField(_("line or setting"), max_length=80, blank=True)
    biomarker = models.CharField(_("required biomarker"), max_length=120, blank=True)
    need = models.CharField(_("need"), max_length=12, choices=Need)
    need_as_written = models.CharField(_("need as written"), max_length=60)
    accepted_result = models.CharField(_("accepted result"), max_length=60, blank=True)
    accepted_specimen = models.CharField(_("accepted specimen"), max_length=60, blank=True)
    not_sufficient = models.CharField(_("not sufficient"), max_length=80, blank=True)
    basis = models.CharField(_("basis"), max_length=80)
    confidence = models.CharField(_("certainty"), max_length=12)
    mark = models.CharField(_("source mark"), max_length=120, blank=True)
    # What the wording means to the machine: reviewed data, in the shape of `catalog.targets.criteria`.
    names = models.JSONField(_("names of the drugs"), default=list)
    uses = models.JSONField(_("criteria"), default=list)
    reason = models.CharField(_("reason of the change"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("drug–target rule")
        verbose_name_plural = _("drug–target rules")
        ordering = ["code"]
        constraints = [models.UniqueConstraint(name="drug_rule_once_an_edition", fields=["edition", "code"])]

    def __str__(self) -> str:
        return f"{self.code} {self.drugs} {self.indication}"

    @property
    def drug_names(self) -> list[str]:
        return self.names

    @cached_property
    def read_uses(self) -> tuple[Use, ...]:
        return read_uses(self.uses, self.code)
