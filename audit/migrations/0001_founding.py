import django.contrib.postgres.indexes
from audit.sql import text
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    replaces = [("audit", "0001_initial"), ("audit", "0002_event_at")]

    dependencies = []

    operations = [
        migrations.RunSQL(
            [f"CREATE EXTENSION IF NOT EXISTS {name}" for name in ("hstore", "btree_gist", "pg_trgm")],
            migrations.RunSQL.noop,
        ),
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("tree_size", models.BigIntegerField(unique=True)),
                ("root", models.BinaryField()),
                ("frontier", models.BinaryField()),
                ("epoch_id", models.BigIntegerField()),
                ("horizon", models.BigIntegerField()),
                ("at", models.DateTimeField(verbose_name="time")),
                ("note", models.TextField()),
                ("key_id", models.CharField(max_length=8)),
            ],
            options={
                "verbose_name": "checkpoint",
                "db_table": "audit_checkpoint",
                "ordering": ["tree_size"],
                "get_latest_by": "tree_size",
            },
        ),
        migrations.CreateModel(
            name="Epoch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("system_identifier", models.TextField()),
                ("boundary_event_id", models.BigIntegerField()),
                ("horizon", models.BigIntegerField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "db_table": "audit_epoch",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Leaf",
            fields=[
                ("position", models.BigIntegerField(primary_key=True, serialize=False)),
                ("event_id", models.BigIntegerField(unique=True)),
                ("hash", models.BinaryField()),
            ],
            options={
                "db_table": "audit_leaf",
                "ordering": ["position"],
            },
        ),
        migrations.CreateModel(
            name="TrailedTable",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("table_name", models.TextField(unique=True)),
                ("shape", models.TextField()),
            ],
            options={
                "verbose_name": "trailed table",
                "db_table": "audit_trailed",
                "ordering": ["table_name"],
            },
        ),
        migrations.CreateModel(
            name="Alarm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("undeclared", "Undeclared write"),
                            ("lag", "Sealing is behind"),
                            ("anchor", "The trail does not extend its outside checkpoint"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                ("key", models.TextField()),
                ("at", models.DateTimeField(verbose_name="time")),
                ("xid", models.BigIntegerField(null=True)),
                ("event_id", models.BigIntegerField(null=True)),
                ("message", models.TextField(blank=True)),
                ("acknowledged_at", models.DateTimeField(null=True)),
                ("acknowledged_by", models.BigIntegerField(null=True)),
                ("acknowledged_reason", models.TextField(blank=True, verbose_name="what was found")),
            ],
            options={
                "verbose_name": "alarm",
                "db_table": "audit_alarm",
                "ordering": ["-at", "-id"],
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "key"), name="alarm_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("acknowledged_at__isnull", True), ("acknowledged_by__isnull", True)),
                            models.Q(("acknowledged_at__isnull", False), ("acknowledged_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="alarm_acknowledged_both",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("xid", models.BigIntegerField()),
                ("at", models.DateTimeField(verbose_name="time")),
                ("actor_id", models.BigIntegerField(null=True, verbose_name="person")),
                ("post_id", models.BigIntegerField(null=True, verbose_name="post")),
                ("step", models.TextField(blank=True, verbose_name="step")),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                ("clause", models.TextField(blank=True, verbose_name="clause")),
                ("request_id", models.TextField(blank=True)),
                ("db_user", models.TextField(verbose_name="database account")),
                ("declared", models.BooleanField(verbose_name="declared")),
                ("token", models.TextField(blank=True)),
                ("table_name", models.TextField(verbose_name="table")),
                ("row_id", models.TextField(verbose_name="record")),
                (
                    "op",
                    models.CharField(
                        choices=[
                            ("I", "Created"),
                            ("U", "Changed"),
                            ("D", "Removed"),
                            ("B", "Taken over"),
                            ("R", "Read"),
                        ],
                        max_length=1,
                        verbose_name="what happened",
                    ),
                ),
                ("payload", models.TextField()),
            ],
            options={
                "verbose_name": "event",
                "db_table": "audit_event",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["table_name", "row_id", "id"], name="audit_event_row"),
                    models.Index(fields=["xid"], name="audit_event_xid"),
                    models.Index(fields=["actor_id", "-id"], name="audit_event_actor"),
                    django.contrib.postgres.indexes.BrinIndex(fields=["at"], name="audit_event_at"),
                ],
            },
        ),
        migrations.RunSQL(text("functions.sql"), migrations.RunSQL.noop),
        migrations.RunSQL(text("append_only.sql"), migrations.RunSQL.noop),
    ]
