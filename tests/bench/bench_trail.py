"""What the trail costs a write: one table with the row trigger against its twin without, side by side.

    python -m tests.bench.bench_trail [writes]

Uses DATABASE_URL; makes two tables of 17 columns there and drops them. Each create and each update is a
transaction of its own, as a request's is; the trailed one also declares who acts. The two take turns write by
write, so that a busy machine slows both; the closing line gives the ratio of the medians.
"""

import os
import statistics
import sys
import time
from datetime import date

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection, models, transaction  # noqa: E402

from audit import declaring, walls  # noqa: E402
from audit.owner import owner  # noqa: E402

FIELDS = {
    **{f"word_{n}": lambda: models.CharField(max_length=60) for n in range(6)},
    **{f"number_{n}": lambda: models.IntegerField(default=0) for n in range(4)},
    **{f"day_{n}": lambda: models.DateField(null=True) for n in range(3)},
    "sum": lambda: models.DecimalField(max_digits=10, decimal_places=2, default=0),
    "moment": lambda: models.DateTimeField(auto_now=True),
    "flag": lambda: models.BooleanField(default=False),
}


def model(name: str) -> type[models.Model]:
    meta = type("Meta", (), {"app_label": "audit", "db_table": f"bench_{name}", "managed": False})
    fields = {field: make() for field, make in FIELDS.items()}
    return type(f"Bench{name}", (models.Model,), {"__module__": __name__, "Meta": meta, **fields})


def write(table: type[models.Model], trailed: bool, row: models.Model | None, number: int) -> models.Model:
    """One create, or one update of `row`, in a transaction of its own."""
    with transaction.atomic():
        if trailed:
            declaring.declare(actor=1, post=1, step="bench", institutions=[1])
        if row is None:
            words = {f"word_{n}": f"右肺下叶腺癌 {n}" for n in range(6)}
            return table.objects.create(**words, day_0=date(2026, 7, 1), number_0=number)
        row.word_1, row.number_1 = "signed off", number  # type: ignore[attr-defined]
        row.save(force_update=True)
        return row


def main(writes: int = 3000) -> None:
    plain, trailed = model("plain"), model("trailed")
    with owner(), connection.schema_editor() as editor:
        for table in (plain, trailed):
            editor.execute(f"DROP TABLE IF EXISTS {table._meta.db_table}")
            editor.create_model(table)
        walls.put_triggers(walls.Trailed.of(trailed))
    times: dict[tuple[str, bool], list[float]] = {}
    for number in range(writes):
        for table in (plain, trailed) if number % 2 else (trailed, plain):
            row = None
            for what in ("create", "update"):
                started = time.perf_counter()
                row = write(table, table is trailed, row, number)
                times.setdefault((what, table is trailed), []).append(time.perf_counter() - started)
    with owner(), connection.cursor() as cursor:
        cursor.execute("SHOW fsync")
        fsync = cursor.fetchone()[0]
        cursor.execute("DROP TABLE bench_plain, bench_trailed")
    middle = {case: statistics.median(found) * 1e6 for case, found in times.items()}
    for what in ("create", "update"):
        with_trail, without = middle[what, True], middle[what, False]
        print(f"{what}: plain {without:.0f} µs, trailed {with_trail:.0f} µs, ratio {with_trail / without:.2f}")
    both = [sum(middle[what, watched] for what in ("create", "update")) for watched in (True, False)]
    print(f"fsync {fsync}; time of a trailed write / of a plain one: {both[0] / both[1]:.2f}")


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
