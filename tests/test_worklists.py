"""The narrow column: which list a page belongs to, and what stands under which heading."""

import pytest
from django.http import QueryDict

from desk import worklists


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("/cases/", "", "under_way"),
        ("/cases/12/", "", "under_way"),
        ("/cases/", "stage=charge", "waiting_charge"),
        ("/cases/charge/imports/7/", "", "charge_imports"),
        ("/vendors/laboratories/3/", "", "laboratories"),
        ("/vendors/admissions/3/", "", "laboratories"),
        ("/vendors/admissions/", "show=mine", "admissions_to_assess"),
        ("/vendors/outsourced/", "q=EGFR", "laboratories"),
        ("/accounts/password/", "", None),
    ],
)
def test_a_page_belongs_to_the_nearest_list_above_it(path, query, code):
    lists = {one.code: one for one in worklists.WORKLISTS}

    assert worklists.opened(lists.values(), path, QueryDict(query)) == (lists[code].url if code else "")


def test_every_list_has_one_code_and_one_heading():
    codes = [one.code for one in worklists.WORKLISTS]

    assert len(codes) == len(set(codes))
    assert [one for _label, group in worklists.grouped(worklists.WORKLISTS) for one in group] == [*worklists.WORKLISTS]


def test_a_post_with_many_lists_sees_those_folded_in_which_nothing_waits(hospital, client):
    client.force_login(hospital.affairs, backend="django.contrib.auth.backends.ModelBackend")

    page = client.get("/vendors/outsourced/").content.decode()
    column = page.split('<div class="worklists">')[2]

    groups = {part.split("</summary>")[0].split(">")[-1]: part for part in column.split("<details")[1:]}
    assert groups["第三方机构与合同"].startswith(" open>")
    assert not groups["标本"].startswith(" open>")
