"""Reminders and the addresses they go to, for programs."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import actions, issuing, queries
from accounts.models import Reminder, User
from config.api.doors import PAGES, Door, OwnDoor, checked, listed, one_of, page
from config.api.idempotency import repeatable


class ReminderShape(serializers.ModelSerializer):
    class Meta:
        model = Reminder
        fields = ("id", "kind", "due_on", "lead", "text", "url", "made_at", "email", "sent_at", "failure")


class EmailShape(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ("username", "email")


class EmailIn(serializers.Serializer):
    email = serializers.EmailField(allow_blank=True, help_text="Empty: no e-mail is sent")


class Reminders(OwnDoor):
    scope = issuing.READ_NOTICES

    @extend_schema(operation_id="reminders_list", responses=listed("Reminder", ReminderShape), parameters=PAGES)
    def get(self, request: Request) -> Response:
        """What this person was reminded of, newest first, and whether the e-mail went."""
        return page(request, Reminder.objects.filter(user=self.by), ReminderShape, "id")


class OwnEmail(OwnDoor):
    scope = issuing.KEEP_EMAIL

    @extend_schema(operation_id="me_email", request=EmailIn, responses=EmailShape)
    @repeatable
    def post(self, request: Request) -> Response:
        """Where one's own reminders go."""
        return Response(EmailShape(actions.set_email(user=self.by, by=self.by, **checked(EmailIn, request))).data)


class StaffEmail(Door):
    permission = "accounts.manage_staff"

    @extend_schema(operation_id="staff_email", request=EmailIn, responses=EmailShape)
    @repeatable
    def post(self, request: Request, pk: int) -> Response:
        """Where the reminders of somebody with a post here go."""
        user = one_of(queries.staff(self.by), pk=pk)
        return Response(EmailShape(actions.set_email(user=user, by=self.by, **checked(EmailIn, request))).data)
