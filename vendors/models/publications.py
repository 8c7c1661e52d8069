"""What was shown to the public and when: snapshots that nobody changes, the complaint channel, the places where the
lists hang, and who looked whether they do (clauses A13, B14, B25)."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from vendors.models.common import InstitutionQuerySet


class Board(models.TextChoices):
    """What is published: each has a page, a poster, a screen and a frame of its own."""

    PRICES = "prices", _("Price list")
    OUTSOURCED = "outsourced", _("Outsourced tests and laboratories")
    COMPLAINTS = "complaints", _("Complaints and reports")


def canonical(content: Any) -> bytes:
    """The bytes that are hashed: JSON with sorted keys, no spaces, UTF-8. Anybody can make them again."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


class PublicationQuerySet(InstitutionQuerySet):
    def latest_of(self, institution: int, board: str) -> Publication | None:
        return self.filter(institution=institution, board=board).order_by("-number").first()


class Publication(models.Model):
    """One list as it was published. The database refuses to change or delete it; its digest stands in the trail."""

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="publications")
    board = models.CharField(_("list"), max_length=12, choices=Board)
    number = models.PositiveIntegerField(_("number"))
    content = models.JSONField(_("content"))
    content_sha256 = models.CharField(_("SHA-256"), max_length=64)
    published_at = models.DateTimeField(_("published at"))
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    change = models.ForeignKey("vendors.PriceChange", models.PROTECT, null=True, blank=True, related_name="+")

    objects = PublicationQuerySet.as_manager()

    class Trail:
        append_only = True

    class Meta:
        verbose_name = _("publication")
        ordering = ["institution", "board", "-number"]
        constraints = [
            models.UniqueConstraint(name="publication_number_once", fields=["institution", "board", "number"]),
            models.CheckConstraint(name="publication_has_digest", condition=Q(content_sha256__regex=r"^[0-9a-f]{64}$")),
        ]

    def __str__(self) -> str:
        return f"{self.get_board_display()} {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("vendors:publication", args=[self.institution.code, self.board, self.number])

    @property
    def is_unchanged(self) -> bool:
        return hashlib.sha256(canonical(self.content)).hexdigest() == self.content_sha256


class ComplaintChannel(models.Model):
    """The five elements of B25 as the hospital keeps them; what the public reads is the last publication of them."""

    institution = models.OneToOneField("accounts.Institution", models.PROTECT, related_name="complaint_channel")
    procedure = models.TextField(_("procedure"), blank=True)
    place = models.CharField(_("place"), max_length=120, blank=True)
    hours = models.CharField(_("reception hours"), max_length=120, blank=True)
    phone = models.CharField(_("telephone for reports"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail for reports"), blank=True)
    kept_at = models.DateTimeField(_("changed at"), auto_now=True)
    kept_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    ELEMENTS = ("procedure", "place", "hours", "phone", "email")

    objects = InstitutionQuerySet.as_manager()

    class Walls:
        institution = "institution_id"

    class Meta:
        verbose_name = _("complaint channel")

    @property
    def missing(self) -> list[str]:
        """The elements still empty, by their names on the page."""
        named = {field.name: field.verbose_name for field in self._meta.concrete_fields}
        return [str(named[name]) for name in self.ELEMENTS if not getattr(self, name)]


class PostingPlace(models.Model):
    """Where a list has to be seen: a wall, a screen, the website."""

    class Medium(models.TextChoices):
        POSTER = "poster", _("Poster")
        SCREEN = "screen", _("Screen")
        WEBSITE = "website", _("Website")
        OTHER = "other", pgettext_lazy("medium", "Other")

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="posting_places")
    board = models.CharField(_("list"), max_length=12, choices=Board)
    medium = models.CharField(_("medium"), max_length=10, choices=Medium, default=Medium.POSTER)
    name = models.CharField(_("place"), max_length=100)
    ended_on = models.DateField(_("ended on"), null=True, blank=True)

    objects = InstitutionQuerySet.as_manager()

    class Walls:
        institution = "institution_id"

    class Meta:
        verbose_name = _("place of publication")
        ordering = ["institution", "board", "name"]
        constraints = [
            models.UniqueConstraint(
                name="posting_place_once",
                fields=["institution", "board", "name"],
                condition=Q(ended_on__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return self.name


class SiteCheck(models.Model):
    """Somebody stood before it: which publication hung there, and whether it was the one that counts."""

    posting = models.ForeignKey(PostingPlace, models.PROTECT, related_name="checks")
    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="+")
    seen_on = models.DateField(_("seen on"))
    # What hung there; none: nothing, or something that is none of ours.
    publication = models.ForeignKey(Publication, models.PROTECT, null=True, blank=True, related_name="checks")
    matches = models.BooleanField(_("as published"))
    photo = models.ForeignKey("documents.StoredFile", models.PROTECT, null=True, blank=True, related_name="+")
    note = models.CharField(_("note"), max_length=200, blank=True)
    recorded_at = models.DateTimeField(_("recorded at"), auto_now_add=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = InstitutionQuerySet.as_manager()

    class Walls:
        institution = "institution_id"

    class Meta:
        verbose_name = _("check of a publication on site")
        ordering = ["-seen_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="site_check_shows_what_matches",
                condition=Q(matches=False) | Q(publication__isnull=False, photo__isnull=False),
            ),
            models.CheckConstraint(name="site_check_says_what_is_wrong", condition=Q(matches=True) | ~Q(note="")),
        ]
