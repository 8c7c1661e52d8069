"""People for programs: who speaks, staff and posts, standing in for somebody, notices, tokens."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import actions, delegations, issuing, notices, queries
from accounts.forms import DelegationForm, StaffForm
from accounts.models import ApiToken, Delegation, Department, Institution, Notice, Post, User
from audit import declaring
from config.api.doors import PAGES, Door, OwnDoor, checked, filled, listed, one_of, page
from config.api.idempotency import repeatable


def said(**options: Any) -> serializers.CharField:
    return serializers.CharField(required=False, allow_blank=True, default="", **options)


class PostShape(serializers.ModelSerializer):
    username = serializers.CharField(source="user.username")
    role = serializers.CharField(source="role_id")
    role_name = serializers.CharField(source="role.name")
    institution = serializers.CharField(source="institution.code")
    department = serializers.CharField(source="department.name", default=None)
    stands_in_for = serializers.CharField(help_text="The holder, where one works in it by delegation")

    class Meta:
        model = Post
        fields = (
            "id", "username", "role", "role_name", "institution", "department", "starts_on", "ends_on", "stands_in_for",
        )  # fmt: skip


class MeShape(serializers.Serializer):
    username = serializers.CharField()
    name = serializers.CharField()
    post = PostShape(allow_null=True, help_text="The post spoken for: a token's own, or the one chosen on the page")
    posts = PostShape(many=True, source="posts_now", help_text="Every post in force today")
    permissions = serializers.SerializerMethodField(help_text="What this post, and this token, allows")

    def get_permissions(self, user: User) -> list[str]:
        asked = (*(user.post.role.permissions if user.post else ()), *issuing.OWN)
        return sorted(one for one in asked if user.may(one) or (one in issuing.OWN and user.speaks_for(one)))


class Me(OwnDoor):
    @extend_schema(operation_id="me", responses=MeShape)
    def get(self, request: Request) -> Response:
        """Who speaks, in which post, and what that allows."""
        return Response(MeShape(request.user).data)


# Staff and posts


class StaffShape(serializers.ModelSerializer):
    posts = PostShape(many=True, source="posts_here")

    class Meta:
        model = User
        fields = ("id", "username", "name", "title", "is_active", "posts")


class StaffIn(serializers.Serializer):
    username = serializers.CharField(max_length=40, help_text="Staff number")
    name = serializers.CharField(max_length=60)
    title = said(max_length=30)
    institution = serializers.CharField(max_length=20, help_text="Code of the institution")
    department = said(max_length=60)
    role = serializers.CharField(max_length=3, help_text="R01 to R28")


class Staff(Door):
    permission = "accounts.view_staff"
    permissions = {"POST": "accounts.manage_staff"}

    @extend_schema(
        operation_id="staff_list",
        responses=listed("Staff", StaffShape),
        parameters=[*PAGES, OpenApiParameter("username", OpenApiTypes.STR, description="staff number")],
    )
    def get(self, request: Request) -> Response:
        """People with a post here, with those posts."""
        found = queries.staff(self.by)
        if number := request.query_params.get("username"):
            found = found.filter(username=number)
        return page(request, found, StaffShape, "id")

    @extend_schema(
        operation_id="staff_add",
        request=StaffIn,
        responses={201: PostShape},
        examples=[
            OpenApiExample(
                "person",
                {"username": "2031", "name": "林某某", "institution": "LXZ", "department": "肿瘤科", "role": "R01"},
                request_only=True,
            )
        ],
    )
    @repeatable
    def post(self, request: Request) -> Response:
        """Give a person a post; a staff number not known yet becomes an account without a password."""
        data = checked(StaffIn, request)
        place = Institution.objects.filter(code=data["institution"], pk__in=self.by.institution_ids).first()
        room = Department.objects.filter(institution=place, name=data["department"]).first()
        # A department named and not found is refused like a choice that is none.
        keys = {"institution": place and place.pk, "department": room.pk if room else (0 if data["department"] else "")}
        _user, given = actions.add_staff(by=self.by, **filled(StaffForm({**data, **keys}, by=self.by)))
        return Response(PostShape(given).data, status=201)


class EndPost(Door):
    permission = "accounts.manage_staff"

    @extend_schema(operation_id="posts_end", request=None, responses=PostShape)
    @repeatable
    def post(self, request: Request, pk: int) -> Response:
        """The post ends at once. The institution's last administrator keeps theirs."""
        found = one_of(Post.objects.filter(institution_id__in=self.by.institution_ids), pk=pk)
        actions.end_post(by=self.by, post=found)
        return Response(PostShape(found).data)


# Standing in


class DelegationShape(serializers.ModelSerializer):
    post = serializers.IntegerField(source="from_post_id")
    holder = serializers.CharField(source="from_post.user.name")
    role = serializers.CharField(source="from_post.role_id")
    to = serializers.CharField(source="to_user.username")
    to_name = serializers.CharField(source="to_user.name")
    made_by = serializers.CharField(source="made_by.name")

    class Meta:
        model = Delegation
        fields = (
            "id", "post", "holder", "role", "to", "to_name", "starts_on", "ends_on", "reason", "made_at", "made_by",
            "revoked_at",
        )  # fmt: skip


class DelegateIn(serializers.Serializer):
    post = serializers.IntegerField(help_text="The post lent (`/me/`, `/staff/`)")
    username = serializers.CharField(max_length=40, help_text="Staff number of the person who stands in")
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    reason = serializers.CharField(max_length=200)


class DelegationDoor(OwnDoor):
    """Reading them, and lending a post: a token names either its holder's own posts or others'."""

    def seen(self, request: Request, permission: str, **kwargs: Any) -> Any:
        if request.user.is_authenticated and self.by.may(delegations.PERMISSION):
            return None
        return super().seen(request, permission, **kwargs)

    scope = issuing.LEND_POST


class Delegations(DelegationDoor):
    @extend_schema(operation_id="delegations_list", responses=listed("Delegation", DelegationShape), parameters=PAGES)
    def get(self, request: Request) -> Response:
        """Who stands in for whom, now, later and before: one's own, or the institution's for those who may lend."""
        return page(request, delegations.listed(self.by), DelegationShape, "id")

    @extend_schema(
        operation_id="delegations_make",
        request=DelegateIn,
        responses={201: DelegationShape},
        examples=[
            OpenApiExample(
                "leave",
                {
                    "post": 12, "username": "2031", "starts_on": "2026-03-02", "ends_on": "2026-03-06",
                    "reason": "外出学习",
                },
                request_only=True,
            )
        ],
    )  # fmt: skip
    @repeatable
    def post(self, request: Request) -> Response:
        """Somebody works in a post for some days. It ends by itself; a delegated post is not passed on."""
        data = checked(DelegateIn, request)
        posts = Post.objects.in_force(timezone.localdate()).filter(institution_id__in=self.by.institution_ids)
        post = one_of(posts.select_related("institution", "department", "role", "user"), pk=data["post"])
        if not delegations.may_delegate(self.by, post):
            raise PermissionDenied(delegations.PERMISSION)
        asked = filled(DelegationForm(data, post=post))
        wanted = {name: asked[name] for name in ("to", "starts_on", "ends_on", "reason")}
        made = delegations.delegate(post=post, by=self.by, **wanted)
        return Response(DelegationShape(made).data, status=201)


class RevokeDelegation(DelegationDoor):
    @extend_schema(operation_id="delegations_revoke", request=None, responses=DelegationShape)
    @repeatable
    def post(self, request: Request, pk: int) -> Response:
        """It ends now. Done twice, nothing happens."""
        delegations.revoke(delegation=one_of(delegations.listed(self.by), pk=pk), by=self.by)
        return Response(DelegationShape(one_of(delegations.listed(self.by), pk=pk)).data)


# Notices


class NoticeShape(serializers.ModelSerializer):
    class Meta:
        model = Notice
        fields = ("id", "text", "url", "made_at", "read_at")


class ReadShape(serializers.Serializer):
    read = serializers.IntegerField(help_text="How many became read now")


class Notices(OwnDoor):
    scope = issuing.READ_NOTICES

    @extend_schema(
        operation_id="notices_list",
        responses=listed("Notice", NoticeShape),
        parameters=[*PAGES, OpenApiParameter("unread", OpenApiTypes.BOOL, description="only those not read yet")],
    )
    def get(self, request: Request) -> Response:
        """What came to this person, newest first. No notice names a patient."""
        found = Notice.objects.filter(user=self.by)
        if request.query_params.get("unread", "").lower() in ("true", "1"):
            found = found.unread()
        return page(request, found, NoticeShape, "id")


class ReadNotice(OwnDoor):
    scope = issuing.READ_NOTICES

    @extend_schema(operation_id="notices_read", request=None, responses=ReadShape)
    @repeatable
    def post(self, request: Request, pk: int) -> Response:
        """One notice is read."""
        notice = one_of(Notice.objects.filter(user=self.by), pk=pk)
        with declaring.step("notice.read"):
            return Response({"read": notices.mark_read(by=self.by, notice=notice)})


class ReadAllNotices(OwnDoor):
    scope = issuing.READ_NOTICES

    @extend_schema(operation_id="notices_read_all", request=None, responses=ReadShape)
    @repeatable
    def post(self, request: Request) -> Response:
        """Every notice of one's own is read."""
        with declaring.step("notice.read"):
            return Response({"read": notices.mark_read(by=self.by)})


# Tokens


class TokenShape(serializers.ModelSerializer):
    username = serializers.CharField(source="user.username")
    role = serializers.CharField(source="post.role_id")
    scopes = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = ApiToken
        fields = (
            "id", "name", "username", "role", "scopes", "hint", "made_at", "expires_on", "last_used_at", "revoked_at",
        )  # fmt: skip


class Tokens(Door):
    permission = issuing.PERMISSION

    @extend_schema(operation_id="tokens_list", responses=listed("Token", TokenShape), parameters=PAGES)
    def get(self, request: Request) -> Response:
        """Every token that acts here, by its first places; secrets are kept nowhere."""
        return page(request, issuing.tokens(self.by), TokenShape, "id")


class RevokeToken(Door):
    permission = issuing.PERMISSION

    @extend_schema(operation_id="tokens_revoke", request=None, responses=TokenShape)
    @repeatable
    def post(self, request: Request, pk: int) -> Response:
        """The token opens nothing from now on."""
        issuing.revoke_token(token=one_of(issuing.tokens(self.by), pk=pk), by=self.by)
        return Response(TokenShape(one_of(issuing.tokens(self.by), pk=pk)).data)
