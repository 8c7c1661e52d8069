"""Patients, and their identity apart.

A name, an ID number, a phone and an address stand on one table, the last three encrypted by the application
(Personal Information Protection Law, arts. 28, 51); the trail knows them only as digests salted per patient.
"""

from __future__ import annotations

import secrets
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from vendors.models import Origin


class PatientQuerySet(models.QuerySet):
    def visible_to(self, user) -> Self:
        return self.filter(institution_id__in=user.institution_ids)


class Patient(models.Model):
    """One patient of one hospital, by record number (病案号)."""

    class Sex(models.TextChoices):
        MALE = "male", _("Male")
        FEMALE = "female", _("Female")
        UNKNOWN = "unknown", _("Unknown")

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="patients")
    record_no = models.CharField(_("record number"), max_length=40)
    sex = models.CharField(_("sex"), max_length=10, choices=Sex, default=Sex.UNKNOWN)
    birth_year = models.PositiveSmallIntegerField(_("year of birth"), null=True, blank=True)
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.LIVE)

    objects = PatientQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "record_no"], name="record_number_once")]
        verbose_name = _("patient")

    class Walls:
        institution = "institution_id"


def new_salt() -> bytes:
    return secrets.token_bytes(32)


class Identity(models.Model):
    """Who the patient is. Ciphertext and blind indexes are made by `referrals.identity`; nothing else writes here.

    Erasing `salt` unlinks the digests in the trail from the person (the duty to delete, PIPL art. 47).
    """

    patient = models.OneToOneField(Patient, models.PROTECT, primary_key=True, related_name="identity")
    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=120)
    name_initials = models.CharField(max_length=40, blank=True, db_index=True)
    name_grams = ArrayField(models.CharField(max_length=2), default=list)
    id_number = models.BinaryField(_("ID number"), null=True)
    phone = models.BinaryField(_("phone"), null=True)
    address = models.BinaryField(_("address"), null=True)
    id_number_index = models.BinaryField(null=True, db_index=True)
    phone_index = models.BinaryField(null=True, db_index=True)
    salt = models.BinaryField(null=True, default=new_salt)

    class Meta:
        indexes = [GinIndex(fields=["name_grams"], name="identity_name_grams")]
        verbose_name = _("identity")

    class Trail:
        digest = (
            "name",
            "name_initials",
            "name_grams",
            "id_number",
            "phone",
            "address",
            "id_number_index",
            "phone_index",
        )
        salt = "salt"

    class Walls:
        institution = "institution_id"
        identity = True
