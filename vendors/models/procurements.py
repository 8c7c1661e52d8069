"""How a laboratory was chosen, and the contract on its way: drafted, checked clause by clause, signed (A26, B9, B10)."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.constraints import both_or_neither
from catalog.models.common import person
from vendors.models.common import InstitutionQuerySet
from vendors.models.contracts import Contract
from vendors.models.laboratories import Laboratory


class Procurement(models.Model):
    """One purchase: method, notice, bids, award and amount (B9, rules of government procurement)."""

    class Method(models.TextChoices):
        OPEN = "open", "公开招标"
        INVITED = "invited", "邀请招标"
        NEGOTIATION = "negotiation", "竞争性谈判"
        CONSULTATION = "consultation", "竞争性磋商"
        INQUIRY = "inquiry", "询价"
        SINGLE = "single", "单一来源"
        FRAMEWORK = "framework", "框架协议采购"
        OWN = "own", "院内自行采购"

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="procurements")
    number = models.CharField(_("procurement number"), max_length=60)
    subject = models.CharField(_("what is bought"), max_length=60)
    method = models.CharField(_("procurement method"), max_length=12, choices=Method)
    notice = models.CharField(_("notice: where and number"), max_length=200)
    noticed_on = models.DateField(_("notice published on"))
    award_no = models.CharField(_("award notice number"), max_length=60)
    awarded_on = models.DateField(_("awarded on"))
    laboratory = models.ForeignKey(Laboratory, models.PROTECT, related_name="procurements")
    budget = models.DecimalField(_("budget (yuan)"), max_digits=12, decimal_places=2)
    amount = models.DecimalField(_("award amount (yuan)"), max_digits=12, decimal_places=2)
    # "bidder｜offer": one a line, as opened.
    bids = ArrayField(models.CharField(max_length=120), verbose_name=_("bids"))
    file = models.ForeignKey("documents.StoredFile", models.PROTECT, related_name="+", verbose_name=_("file"))
    recorded_at = models.DateTimeField(_("recorded at"), auto_now_add=True)
    recorded_by = person(_("recorded by"), null=False)
    # Of several purchases of one kind within a year: why they are no splitting.
    answer = models.CharField(_("answer to the warning of splitting"), max_length=500, blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    answered_by = person(_("answered by"))

    objects = InstitutionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("procurement")
        constraints = [
            both_or_neither("answered"),
            models.UniqueConstraint(fields=["institution", "number"], name="procurement_number_once"),
            models.CheckConstraint(name="procurement_amount_not_negative", condition=Q(amount__gte=0, budget__gte=0)),
            models.CheckConstraint(
                name="procurement_notice_before_award", condition=Q(awarded_on__gte=F("noticed_on"))
            ),
        ]

    class Walls:
        institution = "institution_id"

    def __str__(self) -> str:
        return self.number


class ContractDraft(models.Model):
    """A contract, or a numbered supplement to one, before it is in force. What is in force is never edited (A26)."""

    class Status(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("contract", "Being drafted")
        REVIEW = "review", pgettext_lazy("contract", "Under legal check")
        CHECKED = "checked", pgettext_lazy("contract", "Checked, to be signed")
        IN_FORCE = "in_force", pgettext_lazy("contract", "Signed, in force")
        DISCARDED = "discarded", pgettext_lazy("contract", "Discarded")

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="contract_drafts")
    laboratory = models.ForeignKey(Laboratory, models.PROTECT, related_name="contract_drafts")
    # Of a supplement: the contract it supplements. Of a contract: the one made of it when it was signed.
    supplements = models.ForeignKey(Contract, models.PROTECT, null=True, blank=True, related_name="supplements")
    contract = models.OneToOneField(Contract, models.PROTECT, null=True, blank=True, related_name="draft")
    procurement = models.ForeignKey(Procurement, models.PROTECT, null=True, blank=True, related_name="drafts")
    number = models.CharField(_("contract number"), max_length=60)
    party = models.CharField(_("party to the contract"), max_length=100)
    invoice_issuer = models.CharField(_("issuer of the invoices"), max_length=100)
    payee = models.CharField(_("name of the account paid"), max_length=100)
    valid_from = models.DateField(_("in force from"))
    valid_to = models.DateField(_("in force to"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    file = models.ForeignKey("documents.StoredFile", models.PROTECT, related_name="+", verbose_name=_("file"))
    made_at = models.DateTimeField(_("drafted at"), auto_now_add=True)
    made_by = person(_("drafted by"), null=False)
    checked_at = models.DateTimeField(_("checked at"), null=True, blank=True)
    checked_by = person(_("checked by"))
    signed_at = models.DateTimeField(_("signed at"), null=True, blank=True)
    signed_by = person(_("signed by"))
    last_reason = models.CharField(_("reason of the last change"), max_length=300, blank=True)

    objects = InstitutionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("draft of a contract")
        constraints = [
            both_or_neither("checked"),
            both_or_neither("signed"),
            models.CheckConstraint(name="contract_draft_in_order", condition=Q(valid_to__gte=F("valid_from"))),
            models.UniqueConstraint(
                fields=["institution", "number"], condition=~Q(status="discarded"), name="contract_draft_number_once"
            ),
            models.CheckConstraint(
                name="contract_signed_after_check",
                condition=~Q(status="in_force") | Q(checked_at__isnull=False, signed_at__isnull=False),
            ),
        ]

    class Walls:
        institution = "institution_id"

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("vendors:contract_draft", args=[self.pk])


class DraftContractItem(models.Model):
    """A test the draft lists, at what settlement price and within how many working days."""

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="+")
    draft = models.ForeignKey(ContractDraft, models.CASCADE, related_name="items")
    test = models.ForeignKey("catalog.GeneTest", models.PROTECT, related_name="+")
    settlement_price = models.DecimalField(_("settlement price (yuan)"), max_digits=10, decimal_places=2)
    turnaround_days = models.PositiveSmallIntegerField(_("turnaround (working days)"))

    objects = InstitutionQuerySet.as_manager()

    class Meta:
        ordering = ["draft", "test__code"]
        verbose_name = _("test of a draft")
        constraints = [
            models.UniqueConstraint(fields=["draft", "test"], name="draft_lists_a_test_once"),
            models.CheckConstraint(
                name="draft_item_in_bounds", condition=Q(settlement_price__gte=0, turnaround_days__gte=1)
            ),
        ]

    class Walls:
        institution = "institution_id"


class ClauseTick(models.Model):
    """Where in the text a required clause stands (vocab §6), found by legal: the page and the words."""

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="+")
    draft = models.ForeignKey(ContractDraft, models.CASCADE, related_name="ticks")
    clause = models.CharField(_("clause"), max_length=4)
    page = models.PositiveSmallIntegerField(_("page"))
    quote = models.CharField(_("words of the text"), max_length=300)
    ticked_at = models.DateTimeField(_("ticked at"), auto_now=True)
    ticked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = InstitutionQuerySet.as_manager()

    class Meta:
        ordering = ["clause"]
        verbose_name = _("clause found in a contract")
        constraints = [models.UniqueConstraint(fields=["draft", "clause"], name="clause_ticked_once")]

    class Walls:
        institution = "institution_id"
