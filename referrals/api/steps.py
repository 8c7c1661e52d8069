"""Every step of a case that somebody takes, for programs. Each line: the step, what it takes, the action it calls."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from rest_framework import serializers

from accounts.models import User
from audit.gates import Refusal, Refused
from audit.steps import OUT_OF_TURN, Step, in_turn
from catalog import queries as catalog
from catalog.models import Indication
from config.api.fields import FileField
from referrals import barcodes, deliberating, pathway, planning
from referrals.actions import (
    approving,
    deliberations,
    ending,
    filing,
    plans,
    receipts,
    requests,
    results,
    shipping,
    specimens,
)
from referrals.actions.onward import onward
from referrals.api.register import add, add_act
from referrals.api.road import At, HandOverIn, ReceiveIn, RejectIn
from referrals.gates.words import link
from referrals.models import Deliberation, MDTReview, MDTTeam, Opinion, Referral, Result, SpecialUse, Status
from referrals.next_steps import roles_with

Data = dict[str, Any]
text = serializers.CharField


def long(**options: Any) -> serializers.CharField:
    return serializers.CharField(required=False, allow_blank=True, default="", **options)


class Nothing(serializers.Serializer):
    """Nothing has to be told."""


class Reason(serializers.Serializer):
    reason = text(max_length=300)


class EvidenceIn(serializers.Serializer):
    title = text(max_length=300)
    source = long(max_length=200)  # type: ignore[assignment]
    year = serializers.IntegerField(required=False, allow_null=True, min_value=1900, max_value=2100)
    level = long(max_length=20)


# Request


class Change(serializers.Serializer):
    indication = text(max_length=16, help_text="Code of the catalog in force, such as LUNG-01")
    reason = text(max_length=200)
    necessity = long()
    earlier_result_reason = long(max_length=200)
    evidence = EvidenceIn(many=True, required=False, default=list)
    laboratory = long(help_text="A laboratory may not be named: whoever does is refused by X16")


class Supplement(serializers.Serializer):
    note = text()
    pathology = serializers.CharField(required=False, max_length=120)
    stage = serializers.CharField(required=False, max_length=40)
    evidence = EvidenceIn(many=True, required=False, default=list)


def line_of(code: str, institution: Any) -> Indication | None:
    return catalog.indication_in_force(code.strip().upper(), institution, timezone.now())


def _change(referral: Referral, by: User, data: Data) -> Any:
    named = bool(data.pop("laboratory").strip())
    line = line_of(data.pop("indication"), referral.institution)
    return requests.change_test(referral=referral, by=by, indication=line, laboratory_chosen=named, **data)


add(pathway.CHANGE, Change, _change)
add(pathway.SUPPLEMENT, Supplement, lambda one, by, data: requests.supplement(referral=one, by=by, **data))
add(pathway.CANCEL, Reason, lambda one, by, data: requests.cancel(referral=one, by=by, **data))
add(pathway.VOID, Reason, lambda one, by, data: ending.void(referral=one, by=by, **data))


class Begin(serializers.Serializer):
    """The next step still planned, unless `position` names one. Left out, the words of the plan stand."""

    position = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=2)
    necessity = long()
    earlier_result_reason = long(max_length=200)
    evidence = EvidenceIn(many=True, required=False, default=list)
    laboratory = long(help_text="A laboratory may not be named: whoever does is refused by X16")


class Drop(serializers.Serializer):
    position = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=2)
    reason = text(max_length=300)


def _begin(one: Referral, by: User, data: Data) -> Referral:
    chosen = bool(data.pop("laboratory").strip())
    return plans.begin(referral=one, by=by, laboratory_chosen=chosen, **data)


add(planning.CONTINUE, Begin, _begin, is_due=planning.has_open_step)
add(planning.DROP, Drop, lambda one, by, data: plans.drop(referral=one, by=by, **data), is_due=planning.has_open_step)

# Discussion and MDT


class CallMDT(serializers.Serializer):
    team = serializers.IntegerField(required=False, allow_null=True, default=None, help_text="Left out: by diagnosis")


class CallDiscussion(serializers.Serializer):
    quorum = serializers.IntegerField(required=False, default=deliberating.DISCUSSION_QUORUM, max_value=50)


class OpinionIn(serializers.Serializer):
    stance = serializers.ChoiceField(Opinion.Stance.choices)
    risk = long(max_length=300)
    cost = long(max_length=300)
    evidence = long(max_length=300)
    note = long()
    discipline = long(max_length=30)


class CallOff(serializers.Serializer):
    reason = text(max_length=200)


class Seen(serializers.Serializer):
    seen = serializers.IntegerField(required=False, default=None, help_text="How many opinions the chair has read")


COVERS = "The conclusion also holds for the further steps planned; else each is discussed when it comes"


class ConcludeMDT(Seen):
    reason_code = text(max_length=30)
    advice = text()
    note = long()
    covers_plan = serializers.BooleanField(default=False, help_text=COVERS)


class ConcludeDiscussion(Seen):
    note = text()
    covers_plan = serializers.BooleanField(default=False, help_text=COVERS)


def opened(referral: Referral, kind: str, step: Step, by: User) -> Deliberation:
    """The deliberation of this case that is open. A case that waits for one not called yet says who calls it."""
    found = referral.deliberations.filter(kind=kind, status__in=deliberating.OPEN).first()
    if found is None:
        in_turn(referral, step, by=by)
        call = deliberating.CALL_MDT if kind == MDT else deliberating.CALL_DISCUSSION
        message = _("“%(step)s” cannot be done now: the discussion has not been called. That is done by %(roles)s.")
        values = {"step": step.label, "roles": "、".join(roles_with(call.permission))}
        raise Refused(Refusal(OUT_OF_TURN, message % values, (), link("referrals:case", referral.pk)))
    return found


MDT, DEPARTMENT = Deliberation.Kind.MDT, Deliberation.Kind.DEPARTMENT


def _call_mdt(referral: Referral, by: User, data: Data) -> Any:
    in_turn(referral, deliberating.CALL_MDT, by=by)
    teams = MDTTeam.objects.visible_to(by)
    wanted = data["team"]
    team = teams.filter(pk=wanted).first() if wanted else deliberating.suggested_team(referral)
    if team is None:
        raise serializers.ValidationError({"team": _("Choose a team of this hospital.")})
    return deliberations.call_mdt(referral=referral, by=by, team=team)


def _call_off(kind: str, step: Step) -> Any:
    return lambda one, by, data: deliberations.call_off(deliberation=opened(one, kind, step, by), by=by, **data)


def _opinion(kind: str, step: Step) -> Any:
    return lambda one, by, data: deliberations.give_opinion(deliberation=opened(one, kind, step, by), by=by, **data)


def _conclude(conclusion: str, step: Step) -> Any:
    return lambda one, by, data: deliberations.conclude_mdt(
        deliberation=opened(one, MDT, step, by), by=by, conclusion=conclusion, **data
    )


def _discuss(agreed: bool, step: Step) -> Any:
    return lambda one, by, data: deliberations.conclude_discussion(
        deliberation=opened(one, DEPARTMENT, step, by), by=by, agreed=agreed, **data
    )


add(deliberating.CALL_MDT, CallMDT, _call_mdt)
add(
    deliberating.CALL_DISCUSSION, CallDiscussion,
    lambda one, by, data: deliberations.call_discussion(referral=one, by=by, **data),
)  # fmt: skip
for said, kind in ((deliberating.MDT_OPINION, MDT), (deliberating.DISCUSSION_OPINION, DEPARTMENT)):
    add(said, OpinionIn, _opinion(kind, said), for_members=True)
for said, kind in ((deliberating.MDT_CALLED_OFF, MDT), (deliberating.DISCUSSION_CALLED_OFF, DEPARTMENT)):
    add(said, CallOff, _call_off(kind, said))
for made, conclusion in (
    (pathway.MDT_AGREE, MDTReview.Conclusion.AGREE),
    (pathway.MDT_DISAGREE, MDTReview.Conclusion.DISAGREE),
    (pathway.MDT_MORE_INFORMATION, MDTReview.Conclusion.MORE_INFORMATION),
    (pathway.MDT_CHANGE_TEST, MDTReview.Conclusion.CHANGE_TEST),
):
    add(made, ConcludeMDT, _conclude(conclusion, made), for_members=True)
add(pathway.DISCUSS, ConcludeDiscussion, _discuss(True, pathway.DISCUSS), for_members=True)
add(pathway.DISCUSS_AGAINST, ConcludeDiscussion, _discuss(False, pathway.DISCUSS_AGAINST), for_members=True)

# Approval, fee, specimen


class CollectIn(serializers.Serializer):
    barcode = text(max_length=40, help_text="Scanned from the label printed for this specimen")
    kind = long(max_length=60)
    at = serializers.DateTimeField(required=False, default=None)


class AssessIn(serializers.Serializer):
    tumour_cell_percent = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=0, max_value=100
    )


class UnfitIn(AssessIn):
    reason = text(max_length=200)


def _assess(is_fit: bool) -> Any:
    return lambda one, by, data: specimens.assess(referral=one, by=by, is_fit=is_fit, **data)


add(pathway.APPROVE, Nothing, lambda one, by, data: approving.approve(referral=one, by=by))
add(pathway.DISAPPROVE, Reason, lambda one, by, data: approving.disapprove(referral=one, by=by, **data))
add(pathway.COLLECT, CollectIn, lambda one, by, data: specimens.collect(referral=one, by=by, **data))
add(pathway.FIND_UNFIT, UnfitIn, _assess(False))
add_act(
    specimens.ASSESSED, pgettext_lazy("step", "Specimen found fit"), pathway.FIND_UNFIT.permission, {Status.SAMPLED},
    AssessIn, _assess(True),
)  # fmt: skip

add_act(
    specimens.LABELLED, pgettext_lazy("step", "Specimen given a barcode"), pathway.COLLECT.permission, {Status.SAMPLED},
    Nothing, lambda one, by, data: specimens.label(referral=one, by=by),
)  # fmt: skip
add_act(
    "case.taken_up", pgettext_lazy("step", "Asked for the system's own steps again"), "referrals.allocate_again",
    {Status.SUBMITTED, Status.DISCUSSED, Status.MDT_AGREED, Status.CONSENTED, Status.APPROVED}, Nothing,
    lambda one, by, data: onward(one),
)  # fmt: skip

# On the road, result, record


class FindingIn(serializers.Serializer):
    gene = text(max_length=40)
    variant = long(max_length=160)
    significance = long(max_length=60)


class ResultIn(serializers.Serializer):
    barcode = text(max_length=40, help_text="The specimen the report names")
    reported_at = serializers.DateTimeField(required=False, default=None)
    outcome = serializers.ChoiceField(Result.Outcome.choices)
    report_no = text(max_length=60)
    signed_out_by = text(max_length=60)
    pdf = FileField()
    findings = long(max_length=500)
    alterations = FindingIn(many=True, required=False, default=list)


class CorrectedIn(ResultIn):
    reason = text(max_length=200)


class NoteIn(serializers.Serializer):
    note = long()


class DrugIn(serializers.Serializer):
    drug = text(max_length=60)
    indication = text(max_length=120)
    line = long(max_length=120)
    since = serializers.DateField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Day of progression or relapse, where the line asks for it",
    )
    special_use = serializers.IntegerField(
        required=False, allow_null=True, default=None, help_text="id of a consented special use (A36, A39)"
    )


def _pack(referral: Referral, by: User, data: Data) -> Any:
    in_turn(referral, pathway.SHIP, by=by)
    if referral.laboratory is None:
        message = _("This case is tested in-house: nothing is sent out.")
        raise Refused(Refusal("packing", message, (), link("referrals:case", referral.pk)))
    return shipping.pack(referrals=[referral], laboratory=referral.laboratory, by=by)


def _hand_over(referral: Referral, by: User, data: Data) -> Any:
    """The case's batch leaves, whole; a specimen not packed yet is packed alone."""
    specimen = barcodes.current(referral)
    batch = (specimen and specimen.batch) or _pack(referral, by, data)
    return shipping.hand_over(batch=batch, by=by, **data)


add_act(
    shipping.PACKED, pgettext_lazy("step", "Specimen packed"), pathway.SHIP.permission, {Status.SAMPLED}, Nothing, _pack
)
add(pathway.SHIP, HandOverIn, _hand_over)
add(pathway.RECEIVE, ReceiveIn, lambda one, by, data: receipts.receive(referral=one, by=by, **data))
add(pathway.REJECT, RejectIn, lambda one, by, data: receipts.reject(referral=one, by=by, **data))
add(pathway.REPORT, ResultIn, lambda one, by, data: results.record_result(referral=one, by=by, **data))
add(pathway.CORRECT_RESULT, CorrectedIn, lambda one, by, data: results.correct_result(referral=one, by=by, **data))
add(pathway.REVIEW, NoteIn, lambda one, by, data: results.review(referral=one, by=by, **data))
add(pathway.TELL, At, lambda one, by, data: results.tell(referral=one, by=by, **data))
add(pathway.FILE, Nothing, lambda one, by, data: filing.file_record(referral=one, by=by))


def _prescribe(referral: Referral, by: User, data: Data) -> Any:
    number = data.pop("special_use")
    use = SpecialUse.objects.visible_to(by).filter(pk=number).first() if number else None
    if number and use is None:
        raise serializers.ValidationError({"special_use": [_("No such record, or not one of yours.")]})
    return filing.prescribe(referral=referral, by=by, special_use=use, **data)


add(pathway.PRESCRIBE, DrugIn, _prescribe)
