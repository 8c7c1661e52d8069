"""The consent for programs: the text as it has to be told, and its steps, added to the table of the case's steps."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from config.api.doors import Door
from config.api.fields import FileField
from consent import actions, paper, queries, strokes
from consent.models import Consent
from consent.signing import Choices, Method, Signature, Signer
from documents import files
from referrals import pathway
from referrals.api.register import add, add_act
from referrals.api.steps import Data, long, text
from referrals.identity import IdType
from referrals.models import Referral

SCANS = (files.PDF, files.JPEG, files.PNG)


class TextShape(serializers.Serializer):
    """The consent as it has to be told and signed now. Without the patient's name: that stands beside it."""

    number = serializers.CharField()
    edition = serializers.IntegerField()
    sha256 = serializers.CharField(help_text="Sent back as `shown`, so that what was signed is what was told")
    check_code = serializers.CharField(help_text="Printed on the paper form")
    told = serializers.BooleanField(help_text="Whether exactly this text was told")
    content = serializers.ListField(child=serializers.DictField())


class ConsentText(Door):
    permission = actions.RECORD
    on = Referral
    number = "number"

    @extend_schema(operation_id="referrals_consent_text", responses=TextShape)
    def get(self, request: Request, **kwargs: Any) -> Response:
        """The text of now, to be told, printed or shown on another tablet. Refused while a fact is missing."""
        now, _facts = queries.text_now(self.found, timezone.now())
        return Response(_shown(now, told=queries.told(self.found, now.sha256) is not None))


class SelfPayText(ConsentText):
    @extend_schema(operation_id="referrals_self_pay_text", responses=TextShape)
    def get(self, request: Request, **kwargs: Any) -> Response:
        """The notice of what insurance does not pay, as it has to be signed now."""
        return Response(_shown(actions.self_pay_text(self.found, timezone.now()), told=True))


def _shown(now: Any, *, told: bool) -> dict[str, Any]:
    shown = {
        "number": now.number,
        "edition": now.edition,
        "sha256": now.sha256,
        "check_code": paper.check_code(now.sha256),
        "told": told,
        "content": now.content,
    }
    return TextShape(shown).data


class DiscloseIn(serializers.Serializer):
    shown = text(max_length=64, help_text="sha256 of the text that was told")
    told_at = serializers.DateTimeField(required=False, default=None)


class SignerIn(serializers.Serializer):
    """Who signed, and how: strokes of a signature pad, or the scan of the paper."""

    shown = text(max_length=64, help_text="sha256 of the text that was signed")
    signer = serializers.ChoiceField(Consent.Signer.choices)
    signer_name = long(max_length=60)
    relation = long(max_length=30)
    reason = long(max_length=200)
    id_type = serializers.ChoiceField(IdType.choices, default=IdType.RESIDENT)
    id_number = long(max_length=40)
    age_confirmed = serializers.BooleanField(default=False)
    strokes = serializers.ListField(child=serializers.ListField(), required=False, default=list)
    scan = FileField(kinds=SCANS, name="consent.pdf", required=False, default=None)
    check_code = long(max_length=12, help_text="With a scan: the eight characters printed on the paper")
    signed_at = serializers.DateTimeField(required=False, default=None)

    def validate(self, data: Data) -> Data:
        if data["scan"] and data["check_code"].strip().upper() != paper.check_code(data["shown"]):
            message = _(
                "This paper is not the text in force: price, place or test has changed since it was printed. Tell the "
                "patient again and have a newly printed paper signed."
            )
            raise serializers.ValidationError({"check_code": message})
        data["strokes"] = strokes.check(data["strokes"])
        return data


class SignIn(SignerIn):
    privacy = serializers.BooleanField(help_text="The separate consent to handling sensitive personal information")
    germline = serializers.ChoiceField(Choices.GERMLINE)
    leftover = serializers.ChoiceField(Choices.LEFTOVER)


class RefuseIn(serializers.Serializer):
    signer = serializers.ChoiceField(Consent.Signer.choices, default=Consent.Signer.PATIENT)
    reason = long(max_length=200)


class WithdrawIn(serializers.Serializer):
    reason = long(max_length=200)


def _signed(referral: Referral, by: User, data: Data) -> dict[str, Any]:
    signer = Signer(
        kind=data["signer"],
        name=data["signer_name"],
        relation=data["relation"],
        reason=data["reason"],
        id_number=data["id_number"],
        id_type=data["id_type"],
        age_confirmed=data["age_confirmed"],
    )
    if data["scan"]:
        scan = files.store(data["scan"], by=by, institution=referral.institution, holds_identity=True)
        signature = Signature(Method.PAPER, (), None, scan)
    else:
        signature = Signature(Method.DRAWN, data["strokes"])
    return {"shown": data["shown"], "signer": signer, "signature": signature, "at": data["signed_at"]}


def _disclose(referral: Referral, by: User, data: Data) -> Any:
    return actions.disclose(referral=referral, by=by, shown=data["shown"], at=data["told_at"])


def _sign(referral: Referral, by: User, data: Data) -> Any:
    choices = Choices(privacy=data["privacy"], germline=data["germline"], leftover=data["leftover"])
    return actions.record_consent(referral=referral, by=by, choices=choices, **_signed(referral, by, data))


def _sign_notice(referral: Referral, by: User, data: Data) -> Any:
    return actions.sign_self_pay_notice(referral=referral, by=by, **_signed(referral, by, data))


add_act(
    "consent.disclosed", pgettext_lazy("step", "Patient told"), actions.RECORD, pathway.CONSENT.sources, DiscloseIn,
    _disclose,
)  # fmt: skip
add(pathway.CONSENT, SignIn, _sign)
add(pathway.REFUSE_CONSENT, RefuseIn, lambda one, by, data: actions.refuse(referral=one, by=by, **data))
add(pathway.WITHDRAW_CONSENT, WithdrawIn, lambda one, by, data: actions.withdraw(referral=one, by=by, **data))
add_act(
    "self_pay.signed", pgettext_lazy("step", "Self-pay notice signed"), actions.RECORD, pathway.LAPSE_CONSENT.sources,
    SignerIn, _sign_notice,
)  # fmt: skip
