"""Making an edition of the catalog, for programs: the same acts as the pages, refused in the same words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from catalog import actions, citing, overview, readiness, rows
from catalog.actions import drafting
from catalog.actions import sheets as sheet_actions
from catalog.models import Edition, GeneTest, Indication, RowComment, SheetImport
from config.api.doors import Door, checked, one_of, page
from config.api.idempotency import repeatable

VIEW, DRAFT, REVIEW = "catalog.view_catalog", "catalog.draft_edition", "catalog.review_edition"


class EditionShape(serializers.ModelSerializer):
    institution = serializers.CharField(source="institution.code", default=None)

    class Meta:
        model = Edition
        fields = (
            "id", "institution", "number", "title", "note", "status", "in_force_from", "in_force_to", "document_number",
            "back_reason",
        )  # fmt: skip


class CommentShape(serializers.ModelSerializer):
    by = serializers.CharField(source="made_by.name")

    class Meta:
        model = RowComment
        fields = ("id", "code", "kind", "status", "text", "by", "made_at", "resolution")


class SheetShape(serializers.ModelSerializer):
    class Meta:
        model = SheetImport
        fields = ("id", "file_name", "problems", "problem_count", "given_at", "confirmed_at")


class StartIn(serializers.Serializer):
    source = serializers.ChoiceField(choices=["in_force", "starter", "empty"], default="in_force")  # type: ignore[assignment]
    tumours = serializers.ListField(child=serializers.CharField(max_length=60), required=False)
    codes = serializers.ListField(child=serializers.CharField(max_length=16), required=False)
    number = serializers.CharField(max_length=40, required=False, default="")
    title = serializers.CharField(max_length=120, required=False, default="")
    note = serializers.CharField(max_length=500, required=False, default="")


class HeadIn(serializers.Serializer):
    number = serializers.CharField(max_length=40)
    title = serializers.CharField(max_length=120)
    note = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)


class StepIn(serializers.Serializer):
    """`do` says which step; a return, a call back and a discard ask for `reason`, an approval for `starts_on`."""

    do = serializers.ChoiceField(choices=["open", "close", "check", "approve", "call_back", "return", "discard"])
    reason = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)
    note = serializers.CharField(max_length=1000, required=False, default="", allow_blank=True)
    due = serializers.DateField(required=False, default=None, allow_null=True)
    starts_on = serializers.DateField(required=False)
    document_number = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)


class RowIn(serializers.Serializer):
    """`values` by field name as GET shows them; `test` is the code of a gene test, or left out."""

    code = serializers.CharField(max_length=16)
    reason = serializers.CharField(max_length=300)
    do = serializers.ChoiceField(choices=["add", "change", "remove"])
    values = serializers.DictField(required=False, default=dict)
    resolves = serializers.IntegerField(required=False, help_text="the objection this change accepts")


class LibraryIn(serializers.Serializer):
    codes = serializers.ListField(child=serializers.CharField(max_length=16))
    reason = serializers.CharField(max_length=300)


class ExpertIn(serializers.Serializer):
    """`username` names somebody; with `release` takes them out."""

    username = serializers.CharField(max_length=40)
    discipline = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    release = serializers.BooleanField(required=False, default=False)


class CommentIn(serializers.Serializer):
    code = serializers.CharField(max_length=16, required=False, default="", allow_blank=True)
    kind = serializers.ChoiceField(choices=RowComment.Kind.choices)
    text = serializers.CharField(max_length=2000)


class CommentActIn(serializers.Serializer):
    do = serializers.ChoiceField(choices=["answer", "accept", "reject", "withdraw"])
    text = serializers.CharField(max_length=2000)


class ConfirmIn(serializers.Serializer):
    codes = serializers.ListField(child=serializers.CharField(max_length=16))
    take_back = serializers.BooleanField(required=False, default=False)


class ExpertOpinionIn(serializers.Serializer):
    agreed = serializers.BooleanField()
    note = serializers.CharField(max_length=2000, required=False, default="", allow_blank=True)


class SheetIn(serializers.Serializer):
    sheet = serializers.FileField()


class SheetConfirmIn(serializers.Serializer):
    reason = serializers.CharField(max_length=300)


class Editions(Door):
    permission = VIEW
    permissions = {"POST": DRAFT}

    @extend_schema(operation_id="catalog_editions_list", responses=EditionShape(many=True))
    def get(self, request: Request) -> Response:
        """The editions this post may see, newest first, 50 at most."""
        return Response(EditionShape(overview.editions_of(self.by)[:50], many=True).data)

    @extend_schema(operation_id="catalog_editions_start", request=StartIn, responses={201: EditionShape})
    @repeatable
    def post(self, request: Request) -> Response:
        """Begin a draft from the edition in force, from the starter library, or empty."""
        edition = actions.start_draft(by=self.by, **checked(StartIn, request))
        return Response(EditionShape(edition).data, status=201)


class OneEdition(Door):
    permission = VIEW
    on = Edition

    @extend_schema(operation_id="catalog_editions_retrieve", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, **kwargs: Any) -> Response:
        """Where the edition stands, and what still stands in the way of its next step."""
        waits: dict[str, Callable[[Edition], list]] = {
            "draft": readiness.before_review,
            "expert_review": readiness.before_check,
            "medical_check": readiness.before_check,
        }
        missing = waits.get(self.found.status, lambda _one: [])(self.found)
        return Response(
            {**EditionShape(self.found).data, "missing": [{"code": one.code, "message": str(one)} for one in missing]}
        )


class Head(Door):
    permission = DRAFT
    on = Edition

    @extend_schema(operation_id="catalog_editions_head", request=HeadIn, responses=EditionShape)
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Number, title and note of a draft."""
        return Response(
            EditionShape(drafting.set_head(edition=self.found, by=self.by, **checked(HeadIn, request))).data
        )


class TakeStep(Door):
    permission = VIEW
    on = Edition

    @extend_schema(operation_id="catalog_editions_step", request=StepIn, responses=EditionShape)
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Take the edition one step on, or back to the draft."""
        sent = checked(StepIn, request)
        both = {"edition": self.found, "by": self.by}
        if sent["do"] == "approve" and not sent.get("starts_on"):
            raise serializers.ValidationError({"starts_on": "required"})
        acts: dict[str, Callable[[], Edition]] = {
            "open": lambda: actions.open_review(due=sent["due"], **both),
            "close": lambda: actions.close_review(**both),
            "check": lambda: actions.check(note=sent["note"], **both),
            "approve": lambda: actions.put_in_force(
                starts_on=sent["starts_on"], document_number=sent["document_number"], **both
            ),
            "call_back": lambda: actions.call_back(reason=sent["reason"], **both),
            "return": lambda: actions.return_to_draft(reason=sent["reason"], **both),
            "discard": lambda: actions.discard(reason=sent["reason"], **both),
        }
        return Response(EditionShape(acts[sent["do"]]()).data)


class Rows(Door):
    permission = VIEW
    permissions = {"POST": DRAFT}
    on = Edition

    @extend_schema(operation_id="catalog_editions_rows", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, **kwargs: Any) -> Response:
        """The rows with their values and marks, 200 at a time by code; go on with `after`."""
        lines = (
            overview.rows_of(self.found)
            .prefetch_related(citing.prefetch())
            .filter(code__gt=request.query_params.get("after", ""))[:200]
        )
        return Response([{"code": one.code, "marks": one.marks, "values": rows.values_of(one)} for one in lines])

    @extend_schema(operation_id="catalog_editions_row", request=RowIn, responses=OpenApiTypes.OBJECT)
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Add, change or remove a row of a draft, with the reason."""
        sent = checked(RowIn, request)
        values, edition = dict(sent["values"]), self.found
        if code := values.pop("test", None):
            values["test"] = one_of(GeneTest.objects.all(), code=code)
        if sent["do"] == "add":
            actions.add_row(edition=edition, code=sent["code"], values=values, reason=sent["reason"], by=self.by)
            return Response({"code": sent["code"].upper()}, status=201)
        line = one_of(Indication.objects.filter(edition=edition).select_related("edition"), code=sent["code"].upper())
        if sent["do"] == "remove":
            actions.remove_row(line=line, reason=sent["reason"], by=self.by)
        else:
            key = sent.get("resolves")
            resolves = one_of(edition.comments.all(), pk=key) if key else None
            actions.change_row(line=line, values=values, reason=sent["reason"], resolves=resolves, by=self.by)
        return Response({"code": sent["code"].upper()})


class Library(Door):
    permission = DRAFT
    on = Edition

    @extend_schema(operation_id="catalog_editions_library", request=LibraryIn, responses=OpenApiTypes.OBJECT)
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Take rows of the starter library into a draft."""
        sent = checked(LibraryIn, request)
        starter = drafting.library(drafting.STARTER, self.found.institution)
        lines = Indication.objects.filter(edition=starter, code__in=sent["codes"]).select_related("test")
        return Response(
            {"taken": actions.take_from(edition=self.found, lines=lines, reason=sent["reason"], by=self.by)}
        )


class Experts(Door):
    permission = DRAFT
    on = Edition

    @extend_schema(operation_id="catalog_editions_experts", request=ExpertIn, responses=OpenApiTypes.OBJECT)
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Name an expert to the group, or take one out."""
        sent = checked(ExpertIn, request)
        if sent["release"]:
            seat = one_of(self.found.experts.select_related("user", "edition"), user__username=sent["username"])
            drafting.release_expert(expert=seat, by=self.by)
        else:
            here = User.objects.filter(posts__institution=self.found.institution_id).distinct()
            user = one_of(here, username=sent["username"])
            drafting.name_expert(edition=self.found, user=user, discipline=sent["discipline"], by=self.by)
        return Response({"experts": list(self.found.experts.values_list("user__username", flat=True))})


class Comments(Door):
    permission = VIEW
    permissions = {"POST": REVIEW}
    on = Edition

    @extend_schema(operation_id="catalog_editions_comments", responses=CommentShape(many=True))
    def get(self, request: Request, **kwargs: Any) -> Response:
        """Remarks and objections, newest first."""
        return page(request, self.found.comments.select_related("made_by"), CommentShape, "made_at")

    @extend_schema(operation_id="catalog_editions_comment", request=CommentIn, responses={201: CommentShape})
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """An expert's remark or objection on a row, or with an empty code on the whole edition."""
        made = actions.comment(edition=self.found, by=self.by, **checked(CommentIn, request))
        return Response(CommentShape(made).data, status=201)


class OneComment(Door):
    permission = VIEW
    on = Edition

    @extend_schema(operation_id="catalog_editions_comment_act", request=CommentActIn, responses=CommentShape)
    @repeatable
    def post(self, request: Request, comment: int, **kwargs: Any) -> Response:
        """Answer a comment; accept, reject or withdraw an objection."""
        sent = checked(CommentActIn, request)
        found = one_of(self.found.comments.select_related("edition", "made_by"), pk=comment)
        acts: dict[str, Callable[[], Any]] = {
            "answer": lambda: actions.answer(comment=found, text=sent["text"], by=self.by),
            "accept": lambda: actions.accept_objection(comment=found, note=sent["text"], by=self.by),
            "reject": lambda: actions.reject_objection(comment=found, reason=sent["text"], by=self.by),
            "withdraw": lambda: actions.withdraw_objection(comment=found, reason=sent["text"], by=self.by),
        }
        acts[sent["do"]]()
        return Response(CommentShape(one_of(self.found.comments.select_related("made_by"), pk=comment)).data)


class Confirmations(Door):
    permission = REVIEW
    on = Edition

    @extend_schema(operation_id="catalog_editions_confirm", request=ConfirmIn, responses=OpenApiTypes.OBJECT)
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """A named expert confirms rows against their sources, or takes confirmations back."""
        sent = checked(ConfirmIn, request)
        if not sent["take_back"]:
            return Response({"confirmed": actions.confirm_rows(edition=self.found, codes=sent["codes"], by=self.by)})
        for code in sent["codes"]:
            line = one_of(Indication.objects.filter(edition=self.found).select_related("edition"), code=code.upper())
            actions.take_back_confirmation(line=line, by=self.by)
        return Response({"confirmed": 0})


class SignOffs(Door):
    permission = REVIEW
    on = Edition

    @extend_schema(
        operation_id="catalog_editions_sign_off", request=ExpertOpinionIn, responses={201: OpenApiTypes.OBJECT}
    )
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """An expert's yes or no to the whole edition as it stands."""
        signed = actions.sign_off(edition=self.found, by=self.by, **checked(ExpertOpinionIn, request))
        return Response({"agreed": signed.agreed, "signed_at": signed.signed_at}, status=201)


class Sheets(Door):
    permission = DRAFT
    on = Edition

    @extend_schema(operation_id="catalog_editions_sheet", request=SheetIn, responses={201: SheetShape})
    @repeatable
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Give in a sheet (XLSX or CSV) to be looked through; nothing is changed before it is confirmed."""
        upload = checked(SheetIn, request)["sheet"]
        given = sheet_actions.give_sheet(edition=self.found, content=upload.read(), name=upload.name, by=self.by)
        return Response(SheetShape(given).data, status=201)


class OneSheet(Door):
    permission = DRAFT
    on = Edition

    @extend_schema(operation_id="catalog_editions_sheet_take", request=SheetConfirmIn, responses=OpenApiTypes.OBJECT)
    @repeatable
    def post(self, request: Request, sheet: int, **kwargs: Any) -> Response:
        """Take a sheet without problems into the draft, with the reason."""
        found = one_of(SheetImport.objects.filter(edition=self.found).select_related("edition"), pk=sheet)
        reason = checked(SheetConfirmIn, request)["reason"]
        return Response({"changed": sheet_actions.confirm_sheet(sheet=found, reason=reason, by=self.by)})
