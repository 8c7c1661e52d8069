"""How an edition comes about: who is asked, what was changed and why, what was objected, who signed the whole."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from catalog.models.common import person
from catalog.models.editions import Edition


class EditionExpert(models.Model):
    """Clause B3: a person of the hospital named to the group that reviews this edition."""

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="experts", verbose_name=_("catalog edition"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="catalog_reviews", verbose_name=_("expert")
    )
    discipline = models.CharField(_("discipline"), max_length=40, blank=True)
    named_by = person(_("named by"), null=False)
    named_at = models.DateTimeField(_("named at"), default=timezone.now)

    class Meta:
        verbose_name = _("expert of a catalog edition")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(name="edition_expert_once", fields=["edition", "user"]),
            # Nobody names themselves (X14).
            models.CheckConstraint(name="edition_expert_named_by_another", condition=~Q(named_by=F("user"))),
        ]

    def __str__(self) -> str:
        return str(self.user)


class RowChange(models.Model):
    """Clause A40, “编制…留痕”: one row of an edition was added, changed or removed, by whom, when and why."""

    class Kind(models.TextChoices):
        ADDED = "added", pgettext_lazy("row of the catalog", "Added")
        CHANGED = "changed", pgettext_lazy("row of the catalog", "Changed")
        REMOVED = "removed", pgettext_lazy("row of the catalog", "Removed")

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="changes", verbose_name=_("catalog edition"))
    code = models.CharField(_("indication code"), max_length=16)
    kind = models.CharField(_("what was done"), max_length=8, choices=Kind)
    # Of a changed row only the fields that differ; of one added or removed all of them.
    before = models.JSONField(_("former values"), default=dict)
    after = models.JSONField(_("new values"), default=dict)
    reason = models.CharField(_("reason"), max_length=300)
    made_at = models.DateTimeField(_("made at"), default=timezone.now)
    made_by = person(_("made by"), null=False)

    class Meta:
        verbose_name = _("change of a catalog row")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["edition", "code", "-id"], name="row_change_of_a_row")]
        constraints = [models.CheckConstraint(name="row_change_has_a_reason", condition=~Q(reason=""))]

    def __str__(self) -> str:
        return f"{self.code} {self.get_kind_display()}"


class RowComment(models.Model):
    """What an expert says of a row, or of the whole edition (`code` empty). An objection has to be resolved."""

    class Kind(models.TextChoices):
        REMARK = "remark", pgettext_lazy("comment on a catalog row", "Suggestion")
        OBJECTION = "objection", _("Objection")

    class Status(models.TextChoices):
        OPEN = "open", pgettext_lazy("comment on a catalog row", "Open")
        ACCEPTED = "accepted", pgettext_lazy("comment on a catalog row", "Accepted, row changed")
        REJECTED = "rejected", pgettext_lazy("comment on a catalog row", "Rejected")
        WITHDRAWN = "withdrawn", pgettext_lazy("comment on a catalog row", "Withdrawn")

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="comments", verbose_name=_("catalog edition"))
    code = models.CharField(_("indication code"), max_length=16, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)
    text = models.TextField(_("comment"))
    made_at = models.DateTimeField(_("made at"), default=timezone.now)
    made_by = person(_("made by"), null=False)
    resolved_at = models.DateTimeField(_("resolved at"), null=True, blank=True)
    resolved_by = person(_("resolved by"))
    resolution = models.TextField(_("how it was resolved"), blank=True)
    change = models.ForeignKey(
        RowChange, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("change made for it")
    )

    class Meta:
        verbose_name = _("comment on a catalog row")
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["edition", "code"], name="row_comment_of_a_row"),
            models.Index(
                fields=["edition"], condition=Q(kind="objection", status="open"), name="row_comment_open_objection"
            ),
        ]
        constraints = [
            models.CheckConstraint(name="row_comment_says_something", condition=~Q(text="")),
            models.CheckConstraint(
                name="row_comment_resolved_whole",
                condition=Q(status="open", resolved_at__isnull=True, resolved_by__isnull=True, resolution="")
                | ~Q(status="open") & Q(resolved_at__isnull=False, resolved_by__isnull=False) & ~Q(resolution=""),
            ),
            models.CheckConstraint(
                name="row_comment_accepted_with_a_change", condition=~Q(status="accepted") | Q(change__isnull=False)
            ),
            # Who objected does not decide on the objection; they may only take it back (X14).
            models.CheckConstraint(
                name="row_comment_resolved_by_another",
                condition=~Q(status__in=["accepted", "rejected"]) | ~Q(resolved_by=F("made_by")),
            ),
            models.CheckConstraint(
                name="row_comment_withdrawn_by_its_author",
                condition=~Q(status="withdrawn") | Q(resolved_by=F("made_by")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.get_kind_display()}"

    @property
    def is_open_objection(self) -> bool:
        return self.kind == self.Kind.OBJECTION and self.status == self.Status.OPEN


class CommentAnswer(models.Model):
    """An answer to a comment. It resolves nothing by itself."""

    comment = models.ForeignKey(RowComment, models.CASCADE, related_name="answers", verbose_name=_("comment"))
    text = models.TextField(_("answer"))
    made_at = models.DateTimeField(_("made at"), default=timezone.now)
    made_by = person(_("made by"), null=False)

    class Meta:
        verbose_name = _("answer to a comment on a catalog row")
        ordering = ["pk"]
        constraints = [models.CheckConstraint(name="comment_answer_says_something", condition=~Q(text=""))]


class EditionSignOff(models.Model):
    """An expert's yes or no to the whole list. It lapses when a row is changed after it, or the edition goes back."""

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="sign_offs", verbose_name=_("catalog edition"))
    expert = models.ForeignKey(
        EditionExpert, models.PROTECT, related_name="sign_offs", verbose_name=_("expert of a catalog edition")
    )
    agreed = models.BooleanField(_("agreed"))
    note = models.TextField(_("opinion"), blank=True)
    signed_at = models.DateTimeField(_("signed at"), default=timezone.now)
    signed_by = person(_("signed by"), null=False)
    lapsed_at = models.DateTimeField(_("lapsed at"), null=True, blank=True)
    lapsed_by = person(_("lapsed by an act of"))

    class Meta:
        verbose_name = _("expert's sign-off of a catalog edition")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(name="sign_off_once", fields=["expert"], condition=Q(lapsed_at__isnull=True)),
            models.CheckConstraint(name="disagreement_says_why", condition=Q(agreed=True) | ~Q(note="")),
            models.CheckConstraint(
                name="sign_off_lapsed_by_somebody",
                condition=Q(lapsed_at__isnull=True, lapsed_by__isnull=True)
                | Q(lapsed_at__isnull=False, lapsed_by__isnull=False),
            ),
        ]


class SheetImport(models.Model):
    """A sheet given in for a draft: what it would change and what is wrong with it. It changes nothing until
    somebody confirms it, and not at all once another change came between."""

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="imports", verbose_name=_("catalog edition"))
    file_name = models.CharField(_("file name"), max_length=120)
    file_sha256 = models.CharField(_("SHA-256 of the file"), max_length=64)
    rows = models.JSONField(_("rows as read"), default=list)
    problems = models.JSONField(_("problems"), default=list)
    problem_count = models.PositiveIntegerField(_("number of problems"), default=0)
    # The last change of the draft when the sheet was read.
    read_after = models.BigIntegerField(_("read after change"), default=0)
    given_at = models.DateTimeField(_("given in at"), default=timezone.now)
    given_by = person(_("given in by"), null=False)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    confirmed_by = person(_("confirmed by"))
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("sheet for a catalog edition")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="sheet_import_confirmed_whole",
                condition=Q(confirmed_at__isnull=True, confirmed_by__isnull=True)
                | Q(confirmed_at__isnull=False, confirmed_by__isnull=False) & ~Q(reason=""),
            ),
        ]

    def __str__(self) -> str:
        return self.file_name
