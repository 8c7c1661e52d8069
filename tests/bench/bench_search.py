"""What a search of the catalog costs on ten thousand rows in force, against the bare SQL that fetches the same rows.

    createdb bench && DATABASE_URL=postgresql:///bench python -m tests.bench.bench_search [rows] [times]

Fills the database once: the starter's hundred rows, again and again under codes, tumours, settings and tests of their
own, as the edition in force of the demo's first hospital. Query and bare SQL take turns. The query is `offering.offers`
with diagnosis and doctor (search, ranking, price, place, drugs: the whole answer); the endpoint is the page's fragment,
a whole request through session, post and walls; the SQL reads the rows shown by their keys, as the owner.
"""

import os
import statistics
import sys
import time
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

import psycopg  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import Post, User  # noqa: E402
from audit import declaring  # noqa: E402
from audit.owner import owner  # noqa: E402
from catalog.loading import STARTER  # noqa: E402
from catalog.models import Edition, GeneTest, Indication  # noqa: E402
from catalog.naming import initials  # noqa: E402
from referrals import offering  # noqa: E402

WORDS = [
    "EGFR",
    "her-2",
    "H3F3A",
    "奥希替尼",
    "axtn",
    "fxxbfa",
    "肺",
    "非小细胞 EGFR 一线",
    "C34.1",
    "第7亚型 KRAS",
    "没有这个",
]
DIAGNOSIS = "C34.1"


def fill(wanted: int) -> None:
    call_command("migrate", verbosity=0)
    call_command("load_reference")
    if not User.objects.filter(posts__role_id="R01").exists():
        call_command("load_demo")
    post = _post()
    with owner(), declaring.acting(User.objects.machine(), step="bench"):
        if Edition.objects.filter(number="bench").exists():
            return
        starter = list(Indication.objects.filter(edition__number=STARTER).select_related("test").order_by("code"))
        edition = Edition.objects.create(number="bench", title="检索基准", institution=post.institution)
        for at in range(wanted // len(starter)):
            _copy(starter, edition, at)
        today = timezone.localdate()
        Edition.objects.filter(pk=edition.pk).update(status=Edition.Status.IN_FORCE, in_force_from=today)
    with owner(), connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


def _copy(starter: list[Indication], edition: Edition, at: int) -> None:
    tests, lines = {}, []
    for line in starter:
        test = GeneTest(
            **{field.attname: getattr(line.test, field.attname) for field in GeneTest._meta.concrete_fields}
        )
        test.pk, test.code = None, f"B{at}-{line.test.code}"[:20]
        tests[line.code] = test
    GeneTest.objects.bulk_create(tests.values())
    for line in starter:
        one = Indication(**{field.attname: getattr(line, field.attname) for field in Indication._meta.concrete_fields})
        one.pk, one.edition, one.test = None, edition, tests[line.code]
        one.code = f"{line.code}-{at}"[:16]
        one.tumour = f"{line.tumour}第{at}亚型"[:60]
        one.setting = f"{line.setting}，第{at}组"[:120]
        one.tumour_initials = initials(one.tumour)[:60]
        lines.append(one)
    Indication.objects.bulk_create(lines)


def _post() -> Post:
    found = Post.objects.filter(role_id="R01", user__is_active=True, department__isnull=False, ends_on__isnull=True)
    return found.select_related("institution", "user").order_by("pk")[0]


def timed(ask: Any, times: int) -> list[float]:
    spent = []
    for _ in range(times):
        begun = time.perf_counter()
        ask()
        spent.append((time.perf_counter() - begun) * 1000)
    return spent


def p95(spent: list[float]) -> float:
    return sorted(spent)[min(len(spent) - 1, round(len(spent) * 0.95))]


def main(rows: int = 10_000, times: int = 30) -> None:
    fill(rows)
    post = _post()
    user = User.objects.get(pk=post.user_id)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session["post"] = post.pk
    session.save()
    parameters: Any = {
        name: value
        for name, value in connection.get_connection_params().items()
        if name in ("dbname", "user", "host", "port", "password")
    }
    bare = psycopg.connect(**parameters, autocommit=True)
    print(
        f"{'words':24}{'rows':>5}{'queries':>9}{'query p50':>11}{'p95':>8}{'page p50':>10}{'p95':>8}{'SQL p50':>9}{'ratio':>7}"
    )
    for words in WORDS:
        with declaring.acting(user, step="bench"):
            _one(words, post, user, client, bare, times)


def _one(words: str, post: Post, user: Any, client: Client, bare: Any, times: int) -> None:
    def ask() -> Any:
        return offering.offers(post.institution, words, DIAGNOSIS, by=user)

    def page() -> Any:
        return client.post(reverse("referrals:new_tests"), {"test_query": words, "diagnosis_code": DIAGNOSIS})

    keys = [one.line.pk for one in ask().lines]

    def sql() -> Any:
        return bare.execute("SELECT * FROM catalog_indication WHERE id = ANY(%s)", [keys]).fetchall()

    with CaptureQueriesContext(connection) as made:
        ask()
    asked = len(made)  # a request empties the log
    assert page().status_code == 200, page().status_code
    query, whole, plain = timed(ask, times), timed(page, times), timed(sql, times)
    middle = statistics.median
    print(
        f"{words:24}{len(keys):5}{asked:9}{middle(query):11.1f}{p95(query):8.1f}{middle(whole):10.1f}"
        f"{p95(whole):8.1f}{middle(plain):9.2f}{middle(query) / middle(plain):7.0f}",
        flush=True,
    )


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
