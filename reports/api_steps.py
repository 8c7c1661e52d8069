"""A report's way for programs: asking for it, its text, review, signing off, the bureau's receipt or return."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from config.api.doors import Door, checked, filled, one_of
from config.api.idempotency import repeatable
from reports import actions, api, pathway, queries, tasks, wording
from reports.forms import AskForm, NarrativeForm
from reports.models import Report

Data = dict[str, Any]


def shown(report: Report, by: User, status: int = 200) -> Response:
    now = one_of(Report.objects.visible_to(by).select_related("institution"), pk=report.pk)
    return Response(api.ReportSerializer(now).data, status=status)


class AskIn(serializers.Serializer):
    period = serializers.CharField(max_length=10, help_text="2026Q3, 2026-07, 2026H1 or 2026")


class Reports(api.Reports):
    permissions = {"POST": "reports.build_report"}

    @extend_schema(
        operation_id="reports_ask",
        request=AskIn,
        responses={200: api.ReportSerializer, 202: api.ReportSerializer},
        examples=[OpenApiExample("quarter", {"period": "2026Q3"}, request_only=True)],
    )
    @repeatable
    def post(self, request: Request) -> Response:
        """Build the report of a closed period: 202. While one is being built, or while the figures are what they were,
        nothing is built and that one is answered: 200."""
        hospital = queries.hospitals_of(self.by).filter(pk=self.by.post.institution_id).first()
        if hospital is None:
            raise PermissionDenied("reports.build_report")
        asked = filled(AskForm(checked(AskIn, request)))
        report, new = actions.ask(institution=hospital, period=asked["period"], by=self.by)
        if new:
            tasks.wake()
        return shown(report, self.by, 202 if new else 200)


class ReportTextShape(serializers.Serializer):
    version = serializers.IntegerField()
    contact_name = serializers.CharField()
    contact_phone = serializers.CharField()
    texts = serializers.DictField(child=serializers.CharField())


class TextIn(serializers.Serializer):
    version = serializers.IntegerField(min_value=0, help_text="As you read it; words saved since are not written over")
    contact_name = serializers.CharField(required=False, allow_blank=True, max_length=60)
    contact_phone = serializers.CharField(required=False, allow_blank=True, max_length=40)
    texts = serializers.DictField(
        child=serializers.CharField(allow_blank=True, max_length=wording.LONGEST),
        help_text=f"By part: {', '.join(wording.WRITTEN)}. What is left out stays as it is.",
    )


class Text(Door):
    permission = "reports.view_report"
    permissions = {"POST": "reports.edit_narrative"}
    on = Report

    @extend_schema(operation_id="reports_text", responses=ReportTextShape)
    def get(self, request: Request, **kwargs: Any) -> Response:
        """The office's own words, part by part."""
        return Response(_text(self.found))

    @extend_schema(operation_id="reports_edit_text", request=TextIn, responses=ReportTextShape)
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Replace the office's own words; saved by somebody else since `version`, it is refused as stale."""
        data = checked(TextIn, request)
        before = _text(self.found)
        contact = {name: data.get(name, before[name]) for name in ("contact_name", "contact_phone")}
        typed = {**before["texts"], **data["texts"], **contact, "version": data["version"]}
        form = NarrativeForm(typed, report=self.found)
        filled(form)
        report = actions.edit_narrative(
            report=self.found, version=data["version"], texts=form.texts(), contact=form.contact(), by=self.by
        )
        return Response(_text(report))


def _text(report: Report) -> Data:
    return {
        "version": report.narrative_version,
        "contact_name": report.contact_name,
        "contact_phone": report.contact_phone,
        "texts": {key: report.narrative.get(key, "") for key in wording.WRITTEN},
    }


class Nothing(serializers.Serializer):
    """Nothing has to be told."""


class ReadIn(serializers.Serializer):
    version = serializers.IntegerField(min_value=0, help_text="The version of the text that was read through")


class SignOffIn(ReadIn):
    document_number = serializers.CharField(max_length=60, help_text="As the office gives it: 岚总医〔2026〕58号")


class ReturnIn(serializers.Serializer):
    comment = serializers.CharField(max_length=1000, allow_blank=True)


def _step(step: Any, shape: type[serializers.Serializer], take: Callable[[Report, User, Data], Any]) -> type[Door]:
    """The door of one step of the report's chart."""

    def post(self: Door, request: Request, **kwargs: Any) -> Response:
        take(self.found, self.by, checked(shape, request))
        return shown(self.found, self.by)

    name = step.name.replace(".", "_")
    described = extend_schema(
        operation_id=f"reports_{name}", request=shape, responses=api.ReportSerializer, summary=step.label,
        description=f"Needs `{step.permission}`.",
    )(repeatable(post))  # fmt: skip
    return type(f"{name}Step", (Door,), {"permission": step.permission, "on": Report, "post": described})


def _retry(report: Report, by: User, data: Data) -> None:
    actions.retry(report=report, by=by)
    tasks.wake()


STEPS: dict[str, type[Door]] = {
    "review": _step(pathway.REVIEWED, ReadIn, lambda one, by, data: actions.review(report=one, by=by, **data)),
    "sign-off": _step(pathway.SIGNED_OFF, SignOffIn, lambda one, by, data: actions.sign_off(report=one, by=by, **data)),
    "submit": _step(pathway.SUBMITTED, Nothing, lambda one, by, data: actions.submit(report=one, by=by)),
    "receive": _step(pathway.RECEIVED, Nothing, lambda one, by, data: actions.receive(report=one, by=by)),
    "return": _step(
        pathway.RETURNED, ReturnIn, lambda one, by, data: actions.return_with_comment(report=one, by=by, **data)
    ),
    "retry": _step(pathway.RETRIED, Nothing, _retry),
}
