"""Publications, complaint channel, places and checks for programs (A13, B14, B25). The lists themselves are read without
a token at `/vendors/open/<hospital>/<list>/data.json`."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.doors import Door, checked, one_of, page
from config.api.fields import FileField
from config.api.idempotency import repeatable
from documents import files
from vendors import actions, postings
from vendors.actions.publications import CHECK, KEEP_CHANNEL, PUBLISHERS
from vendors.models import Board, ComplaintChannel, PostingPlace, Publication, SiteCheck


class PublicationShape(serializers.ModelSerializer):
    institution = serializers.CharField(source="institution.code")
    published_by = serializers.CharField(source="published_by.name")

    class Meta:
        model = Publication
        fields = ("id", "institution", "board", "number", "content_sha256", "published_at", "published_by")


class PublishListIn(serializers.Serializer):
    board = serializers.ChoiceField(choices=Board.choices)


class ChannelShape(serializers.ModelSerializer):
    missing: Any = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = ComplaintChannel
        fields = (*ComplaintChannel.ELEMENTS, "missing")


class PlaceShape(serializers.ModelSerializer):
    institution = serializers.CharField(source="institution.code", read_only=True)
    checked_on = serializers.DateField(read_only=True, default=None)
    checked_number = serializers.IntegerField(read_only=True, default=None)
    number_now = serializers.IntegerField(read_only=True, default=None)

    class Meta:
        model = PostingPlace
        fields = ("id", "institution", "board", "medium", "name", "checked_on", "checked_number", "number_now")


class SiteCheckIn(serializers.Serializer):
    seen_on = serializers.DateField()
    number = serializers.IntegerField(allow_null=True, default=None, help_text="of the publication that hung there")
    matches = serializers.BooleanField()
    note = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    photo = FileField(kinds=(files.JPEG, files.PNG), name="photo.jpg", required=False, default=None)


class SiteCheckShape(serializers.ModelSerializer):
    number = serializers.IntegerField(source="publication.number", allow_null=True, default=None)

    class Meta:
        model = SiteCheck
        fields = ("id", "posting", "seen_on", "number", "matches", "note", "recorded_at")


class Publications(Door):
    permission = CHECK

    @extend_schema(operation_id="publications_list", responses=PublicationShape(many=True))
    def get(self, request: Request) -> Response:
        found = Publication.objects.visible_to(self.by).defer("content").select_related("institution", "published_by")
        return page(request, found, PublicationShape, "id")

    @extend_schema(operation_id="publications_publish", request=PublishListIn, responses={201: PublicationShape})
    @repeatable
    def post(self, request: Request) -> Response:
        """The list as it stands today is published; refused while an element is missing (B25)."""
        board = checked(PublishListIn, request)["board"]
        if not self.by.may(PUBLISHERS[board]):
            raise PermissionDenied(PUBLISHERS[board])
        made = actions.publish_list(institution=self.by.post.institution, board=board, by=self.by)
        return Response(PublicationShape(made).data, status=201)


class Channel(Door):
    permission = KEEP_CHANNEL

    @extend_schema(operation_id="complaint_channel", responses=ChannelShape)
    def get(self, request: Request) -> Response:
        kept = ComplaintChannel.objects.filter(institution=self.by.post.institution).first()
        return Response(ChannelShape(kept or ComplaintChannel()).data)

    @extend_schema(operation_id="complaint_channel_keep", request=ChannelShape, responses=ChannelShape)
    @repeatable
    def post(self, request: Request) -> Response:
        """The five elements of B25 are kept; they are public once the list is published."""
        data = checked(ChannelShape, request)
        return Response(
            ChannelShape(actions.keep_channel(institution=self.by.post.institution, by=self.by, **data)).data
        )


class Places(Door):
    permission = CHECK

    @extend_schema(operation_id="posting_places", responses=PlaceShape(many=True))
    def get(self, request: Request) -> Response:
        """The places where the lists have to be seen, with what was found there last."""
        return page(request, postings.places(self.by).select_related("institution"), PlaceShape, "id")

    @extend_schema(operation_id="posting_places_add", request=PlaceShape, responses={201: PlaceShape})
    @repeatable
    def post(self, request: Request) -> Response:
        data = checked(PlaceShape, request)
        made = actions.add_place(institution=self.by.post.institution, by=self.by, **data)
        return Response(PlaceShape(made).data, status=201)


class Checks(Door):
    permission = CHECK
    on = PostingPlace
    http_method_names = ["post", "options"]

    @extend_schema(operation_id="posting_check", request=SiteCheckIn, responses={201: SiteCheckShape})
    @repeatable
    def post(self, request: Request, pk: int) -> Response:
        """Somebody stood before it: which publication hung there, and whether it is the one that counts."""
        data = checked(SiteCheckIn, request)
        number = data.pop("number")
        here = Publication.objects.filter(institution=self.found.institution_id, board=self.found.board)
        data["publication"] = one_of(here, number=number) if number is not None else None
        return Response(SiteCheckShape(actions.record_check(place=self.found, by=self.by, **data)).data, status=201)


class EndPlace(Door):
    permission = CHECK
    on = PostingPlace
    http_method_names = ["post", "options"]

    @extend_schema(operation_id="posting_place_end", request=None, responses=PlaceShape)
    @repeatable
    def post(self, request: Request, pk: int) -> Response:
        return Response(PlaceShape(actions.end_place(place=self.found, by=self.by)).data)
