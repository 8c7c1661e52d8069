"""Paraffin blocks and slides lent from pathology's archive, and their return (`vocab.md` §7; A29, B23)."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Role, User
from audit.constraints import both_or_neither

# A department whose name holds this word is pathology.
PATHOLOGY = "病理"


def is_pathology(user: User) -> bool:
    """Whether the user's present post is in the department of pathology."""
    department = user.post.department if user.post else None
    return department is not None and PATHOLOGY in department.name


class BlockLoanQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        """A doctor sees what they asked for; pathology and the offices what their hospital lends."""
        found = self.filter(institution_id__in=user.institution_ids)
        if user.scope == Role.Scope.NONE:
            return found.none()
        if user.scope == Role.Scope.OWN or (user.scope == Role.Scope.DEPARTMENT and not is_pathology(user)):
            return found.filter(requested_by_id__in=user.stands_for)
        return found

    def lent(self) -> Self:
        return self.filter(status=BlockLoan.Status.LENT)

    def overdue(self, today: date | None = None) -> Self:
        return self.lent().filter(due_on__lt=today or timezone.localdate())


class BlockLoan(models.Model):
    """One loan: asked for with its purpose, approved by the head of pathology after a look at what remains, lent against
    an identity and a deposit or undertaking, inspected when it comes back."""

    class Status(models.TextChoices):
        REQUESTED = "requested", _("Awaiting pathology's approval")
        APPROVED = "approved", _("Approved, to be handed out")
        DECLINED = "declined", _("Not lent")
        LENT = "lent", _("Lent out")
        RETURNED = "returned", _("Returned")
        LOST = "lost", _("Used up or lost")

    class Purpose(models.TextChoices):
        CONSULTATION = "consultation", _("Pathology consultation elsewhere")
        TEST_ELSEWHERE = "test_elsewhere", _("Test at another institution")
        RESEARCH = "research", _("Research")

    class Borrower(models.TextChoices):
        PATIENT = "patient", _("The patient")
        FAMILY = "family", _("Family, with the patient's leave")
        STAFF = "staff", _("Staff of this hospital")

    class Return(models.TextChoices):
        COMPLETE = "complete", _("Complete")
        DAMAGED = "damaged", _("Damaged or incomplete")
        USED_UP = "used_up", _("Used up")
        LOST = "lost", _("Lost")

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="block_loans")
    number = models.CharField(_("number"), max_length=30)
    patient = models.ForeignKey("referrals.Patient", models.PROTECT, related_name="block_loans")
    purpose = models.CharField(_("purpose"), max_length=20, choices=Purpose)
    destination = models.CharField(_("where it goes"), max_length=120)
    reason = models.CharField(_("why"), max_length=300)
    referral = models.ForeignKey(
        "referrals.Referral", models.PROTECT, null=True, blank=True, related_name="block_loans"
    )
    study = models.ForeignKey("referrals.Study", models.PROTECT, null=True, blank=True, related_name="block_loans")
    # A test elsewhere that this hospital did not ask for: the patient's own wish, looked at by the discipline office.
    is_flagged = models.BooleanField(_("test elsewhere without a request of this hospital"), default=False)
    borrower = models.CharField(_("borrower"), max_length=10, choices=Borrower)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.REQUESTED)
    # The numbers of the blocks lent, or of those the slides were cut from while the blocks stay.
    blocks = models.CharField(_("block numbers"), max_length=200)
    block_count = models.PositiveSmallIntegerField(_("blocks"), default=1)
    slide_count = models.PositiveSmallIntegerField(_("slides"), default=0)
    requested_at = models.DateTimeField(_("asked at"))
    requested_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decision_note = models.CharField(_("what remains, and why"), max_length=300, blank=True)
    remains_enough = models.BooleanField(_("enough tissue remains for care"), null=True)
    lent_at = models.DateTimeField(_("handed out at"), null=True, blank=True)
    lent_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    borrower_name = models.CharField(_("name of the borrower"), max_length=60, blank=True)
    borrower_paper = models.CharField(_("identity paper, last four characters"), max_length=20, blank=True)
    deposit = models.DecimalField(_("deposit (yuan)"), max_digits=8, decimal_places=2, null=True, blank=True)
    deposit_no = models.CharField(_("deposit receipt number"), max_length=60, blank=True)
    has_undertaking = models.BooleanField(_("written undertaking"), default=False)
    due_on = models.DateField(_("due back on"), null=True, blank=True)
    returned_at = models.DateTimeField(_("returned at"), null=True, blank=True)
    returned_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(_("state on return"), max_length=10, choices=Return, blank=True)
    return_note = models.CharField(_("inspection on return"), max_length=300, blank=True)
    blocks_back = models.PositiveSmallIntegerField(_("blocks that came back"), null=True, blank=True)
    slides_back = models.PositiveSmallIntegerField(_("slides that came back"), null=True, blank=True)
    # What was used up, damaged or lost is told to the patient (`vocab.md` §7).
    patient_told_on = models.DateField(_("patient told on"), null=True, blank=True)

    objects = BlockLoanQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "number"], name="block_loan_number_once"),
            both_or_neither("decided"),
            both_or_neither("lent"),
            both_or_neither("returned"),
            models.CheckConstraint(
                name="loan_decided_by_another",
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("requested_by")),
            ),
            models.CheckConstraint(
                name="lent_against_identity_and_surety",
                condition=Q(lent_at__isnull=True)
                | ~Q(borrower_name="")
                & Q(due_on__isnull=False, remains_enough=True)
                & (Q(has_undertaking=True) | Q(deposit__gt=0)),
            ),
            models.CheckConstraint(name="loan_lends_something", condition=Q(block_count__gt=0) | Q(slide_count__gt=0)),
            models.CheckConstraint(
                name="no_more_comes_back_than_was_lent",
                condition=Q(blocks_back__isnull=True, slides_back__isnull=True)
                | Q(blocks_back__lte=F("block_count"), slides_back__lte=F("slide_count")),
            ),
            models.CheckConstraint(
                name="complete_loan_is_all_back",
                condition=~Q(state="complete")
                | Q(blocks_back__isnull=True)
                | Q(blocks_back=F("block_count"), slides_back=F("slide_count")),
            ),
            models.CheckConstraint(
                name="patient_told_of_what_is_lost",
                condition=Q(blocks_back__isnull=True) | Q(state="complete") | Q(patient_told_on__isnull=False),
            ),
            models.CheckConstraint(
                name="staff_test_elsewhere_has_its_request",
                condition=~Q(purpose="test_elsewhere", borrower="staff") | Q(referral__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["institution", "-requested_at", "-id"], name="block_loans_newest")]
        verbose_name = _("loan of blocks")

    class Walls:
        institution = "institution_id"

    class Trail:
        digest = ("borrower_name", "borrower_paper")

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("referrals:block_loan", args=[self.pk])
