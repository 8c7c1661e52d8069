"""The trail's tables: events, the leaves and checkpoints that seal them, and alarms.

Nothing in Python writes an event. Row triggers do (`audit/sql/functions.sql`), in the writer's own transaction.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Self

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.constraints import both_or_neither


class EventQuerySet(models.QuerySet):
    def of_rows(self, rows: Iterable[tuple[str, Any]]) -> Self:
        """Events of these (table, primary key) pairs."""
        by_table: dict[str, list[str]] = {}
        for table, row in rows:
            by_table.setdefault(table, []).append(str(row))
        wanted = Q(pk__in=[])
        for table, keys in by_table.items():
            wanted |= Q(table_name=table, row_id__in=keys)
        return self.filter(wanted)

    def newest_first(self, before: int | None = None) -> Self:
        """A page by keyset: events older than the event `before`."""
        found = self.filter(pk__lt=before) if before else self
        return found.order_by("-pk")


class Event(models.Model):
    """One change of one row, or one reading of a case: who, in which post, at which step, before and after."""

    class Op(models.TextChoices):
        INSERT = "I", pgettext_lazy("to a record", "Created")
        UPDATE = "U", pgettext_lazy("to a record", "Changed")
        DELETE = "D", pgettext_lazy("to a record", "Removed")
        BASELINE = "B", pgettext_lazy("to a record", "Taken over")
        READ = "R", pgettext_lazy("to a record", "Read")

    id = models.BigAutoField(primary_key=True)
    xid = models.BigIntegerField()
    at = models.DateTimeField(_("time"))
    actor_id = models.BigIntegerField(_("person"), null=True)
    post_id = models.BigIntegerField(_("post"), null=True)
    step = models.TextField(_("step"), blank=True)
    reason = models.TextField(_("reason"), blank=True)
    clause = models.TextField(_("clause"), blank=True)
    request_id = models.TextField(blank=True)
    db_user = models.TextField(_("database account"))
    declared = models.BooleanField(_("declared"))
    token = models.TextField(blank=True)
    table_name = models.TextField(_("table"))
    row_id = models.TextField(_("record"))
    op = models.CharField(_("what happened"), max_length=1, choices=Op)
    # The exact JSON text that is sealed. I, B, D: every column as text; U: {"column": [before, after]};
    # R: {"page": …}. Identity columns appear as salted digests.
    payload = models.TextField()

    objects = EventQuerySet.as_manager()

    class Meta:
        db_table = "audit_event"
        ordering = ["-id"]
        verbose_name = _("event")
        indexes = [
            models.Index(fields=["table_name", "row_id", "id"], name="audit_event_row"),
            models.Index(fields=["xid"], name="audit_event_xid"),
            models.Index(fields=["actor_id", "-id"], name="audit_event_actor"),
            # Events come in the order of time: a few pages of summaries find "since".
            BrinIndex(fields=["at"], name="audit_event_at"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.op} {self.table_name} {self.row_id}"

    def data(self) -> dict[str, Any]:
        return json.loads(self.payload)

    def changes(self) -> list[tuple[str, str | None, str | None]]:
        """(column, before, after), as PostgreSQL prints them in UTC; empty for a reading."""
        data = self.data()
        if self.op == self.Op.UPDATE:
            return [(column, before, after) for column, (before, after) in data.items()]
        if self.op == self.Op.DELETE:
            return [(column, value, None) for column, value in data.items()]
        if self.op in (self.Op.INSERT, self.Op.BASELINE):
            return [(column, None, value) for column, value in data.items()]
        return []

    @property
    def page(self) -> str:
        """The page a reading came from."""
        return self.data().get("page", "") if self.op == self.Op.READ else ""


class Leaf(models.Model):
    """An event's place in the Merkle tree, from 0, and the hash of its leaf (RFC 9162 §2.1)."""

    position = models.BigIntegerField(primary_key=True)
    event_id = models.BigIntegerField(unique=True)
    hash = models.BinaryField()

    class Meta:
        db_table = "audit_leaf"
        ordering = ["position"]


class Checkpoint(models.Model):
    """The signed root of the first `tree_size` leaves."""

    tree_size = models.BigIntegerField(unique=True)
    root = models.BinaryField()
    # The roots of the perfect subtrees, left to right: with them the next seal need not read every leaf.
    frontier = models.BinaryField()
    epoch_id = models.BigIntegerField()
    # Every event of a transaction below this id was sealed by now, so a later arrival is an insertion.
    horizon = models.BigIntegerField()
    at = models.DateTimeField(_("time"))
    note = models.TextField()
    key_id = models.CharField(max_length=8)

    class Meta:
        db_table = "audit_checkpoint"
        ordering = ["tree_size"]
        get_latest_by = "tree_size"
        verbose_name = _("checkpoint")

    def __str__(self) -> str:
        return f"{self.tree_size} {bytes(self.root).hex()}"


class Epoch(models.Model):
    """A database cluster the trail has lived in. After dump and restore transaction numbers start anew."""

    system_identifier = models.TextField()
    # The last event that came along from the cluster before.
    boundary_event_id = models.BigIntegerField()
    # Every event of a transaction below this id was sealed when the epoch began.
    horizon = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        db_table = "audit_epoch"
        ordering = ["id"]


class TrailedTable(models.Model):
    """The columns of a table when its rows were last taken over into the trail."""

    table_name = models.TextField(unique=True)
    shape = models.TextField()

    class Meta:
        db_table = "audit_trailed"
        verbose_name = _("trailed table")
        ordering = ["table_name"]


class AlarmQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> Self:
        return self if user.may("audit.view_trail") else self.none()

    def awaiting_acknowledgement(self) -> Self:
        return self.filter(acknowledged_at__isnull=True)


class Alarm(models.Model):
    """Something the trail noticed by itself and a person must look at."""

    class Kind(models.TextChoices):
        UNDECLARED = "undeclared", _("Undeclared write")
        LAG = "lag", _("Sealing is behind")
        ANCHOR = "anchor", _("The trail does not extend its outside checkpoint")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    # What it is about; the same thing alarms once.
    key = models.TextField()
    at = models.DateTimeField(_("time"))
    xid = models.BigIntegerField(null=True)
    event_id = models.BigIntegerField(null=True)
    message = models.TextField(blank=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.BigIntegerField(null=True)
    acknowledged_reason = models.TextField(_("what was found"), blank=True)

    objects = AlarmQuerySet.as_manager()

    class Meta:
        db_table = "audit_alarm"
        ordering = ["-at", "-id"]
        verbose_name = _("alarm")
        constraints = [
            models.UniqueConstraint(fields=["kind", "key"], name="alarm_once"),
            both_or_neither("acknowledged"),
        ]

    def get_absolute_url(self) -> str:
        return reverse("audit:alarms")

    def sentence(self) -> str:
        """What happened, for the person who looks after the system. `message` holds the kind's own words."""
        if self.kind == self.Kind.UNDECLARED:
            user, _sep, table = self.message.partition(" ")
            text = _("The database account %(user)s wrote to the table %(table)s without saying who was acting.")
            return text % {"user": user, "table": table}
        if self.kind == self.Kind.LAG:
            text = _("Events have waited for their seal since %(since)s.")
            return text % {"since": self.message}
        text = _("The trail is shorter than, or differs from, the checkpoint kept outside the database (%(what)s).")
        return text % {"what": self.message}
