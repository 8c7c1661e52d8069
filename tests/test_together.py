"""Several querysets in one trip: the same rows and numbers as asked one by one."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Department, Institution, Role, User
from audit.models import Event
from audit.walls import our_models
from documents import together
from referrals.identity import set_identity
from referrals.models import Identity, Referral, Specimen
from supervision.models import Finding
from tests.factories import ReferralFactory, graded, staff

pytestmark = pytest.mark.usefixtures("as_machine")


def same(instance, other):
    fields = [field.attname for field in instance._meta.concrete_fields]
    return [(name, getattr(instance, name)) for name in fields] == [(name, getattr(other, name)) for name in fields]


@pytest.fixture
def county():
    """Rows with empty values, quotes, arrays, JSON, sums, bytes, times and both truth values."""
    case = ReferralFactory(filed=True, shipped=True, first_visit=True, indication=graded("mdt"))
    other = ReferralFactory(first_visit=False, necessity='引号"、\\反斜杠、{花括号},\n换行')
    set_identity(
        patient=case.patient, by=User.objects.machine(), name="阿卜杜热西提·买买提", id_number="", phone="13800000000"
    )
    staff("R10", case.institution)
    return case, other


def test_every_table_of_ours_reads_the_same_in_one_trip_as_by_itself(county):
    models = our_models()
    found = {model._meta.label: model._base_manager.order_by("pk")[:50] for model in models}
    answers = together.rows(found)
    filled = 0
    for model in models:
        alone = list(found[model._meta.label])
        assert len(alone) == len(answers[model._meta.label]), model
        assert all(same(*pair) for pair in zip(alone, answers[model._meta.label], strict=True)), model
        filled += bool(alone)
    # The comparison means something: many of the tables do hold rows.
    assert filled > 20
    assert {Referral, Identity, Role, Event, Specimen} <= set(models)


def test_rows_come_in_their_queryset_s_order_and_as_rows_that_can_be_saved(county, django_assert_num_queries):
    found = {
        "cases": Referral.objects.order_by("-pk"),
        "none": Referral.objects.none(),
        "places": Department.objects.order_by("name"),
        "findings": Finding.objects.order_by("referral__number", "pk"),
    }
    with django_assert_num_queries(1):
        answers = together.rows(found)
    assert [one.pk for one in answers["cases"]] == [county[1].pk, county[0].pk]
    assert answers["none"] == []
    case = answers["cases"][0]
    assert case._state.adding is False
    case.stage = "IIIB"
    case.save(update_fields=["stage"])
    assert Referral.objects.get(pk=case.pk).stage == "IIIB"


def test_counts_are_those_of_the_querysets_and_stop_at_the_cap(county, django_assert_num_queries):
    for _n in range(3):
        ReferralFactory(institution=county[0].institution)
    found = {
        "all": Referral.objects.all(),
        "old": Referral.objects.filter(requested_at__lt=timezone.now() - timedelta(days=100000)),
        "none": Referral.objects.none(),
        "places": Institution.objects.all(),
    }
    places = Institution.objects.count()
    with django_assert_num_queries(1):
        assert together.counts(found, cap=100) == {"all": 5, "old": 0, "none": 0, "places": places}
    assert together.counts(found, cap=3)["all"] == 4
    assert together.counts({}, cap=3) == {}
