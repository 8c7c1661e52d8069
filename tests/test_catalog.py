"""The catalog: what is indicated, in which edition, for whom, and before which drug a target must be shown."""

from datetime import date, datetime

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.declaring import acting
from audit.gates import Refused
from catalog import actions, loading, queries
from catalog.models import (
    DrugTargetRule,
    Edition,
    GeneTest,
    Grade,
    Indication,
    InHouseCapability,
    NotIndicated,
    RequestAuthority,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def declared(db):
    from accounts.models import User

    with acting(User.objects.machine(), step="test"):
        yield


@pytest.fixture(autouse=True)
def loaded(declared):
    loading.load()


@pytest.fixture
def hospital():
    from accounts.models import Institution

    return Institution.objects.create(code="AAA", name="甲医院")


@pytest.fixture
def machine():
    from accounts.models import User

    return User.objects.machine()


def an_edition(institution, *codes, number="2026-1", **fields):
    """A draft of the institution's own, with lines copied from the starter."""
    edition = Edition.objects.create(institution=institution, number=number, title="本院目录", **fields)
    for line in Indication.objects.filter(edition__number=loading.STARTER, code__in=codes):
        line.pk, line.edition = None, edition
        line.save(force_insert=True)
    return edition


def line(code="LUNG-01"):
    return Indication.objects.get(edition__number=loading.STARTER, code=code)


# Loading


def test_the_starter_has_a_hundred_indications_each_with_a_readable_test():
    assert Indication.objects.filter(edition__number=loading.STARTER).count() == 100
    assert Edition.objects.get(number=loading.STARTER).basis_for_history
    assert GeneTest.objects.get(code="GT-LUNG-01").name == "EGFR 18—21外显子敏感突变检测（PCR/ARMS）"
    assert all(len(test.name) <= 60 and "检测（" in test.name for test in GeneTest.objects.all())
    assert NotIndicated.objects.count() == 16
    assert DrugTargetRule.objects.count() == 39


def test_every_column_of_the_file_arrives():
    rows = loading.read("indications.csv")
    assert len(loading.COLUMNS) == len(rows[0]) == 31
    for row in rows:
        indication = line(row["id"])
        for column, field in loading.COLUMNS.items():
            value = getattr(indication, field)
            if column == "grade":
                value = {"routine": "常规", "discussion": "需科室讨论", "mdt": "需MDT"}[value]
            elif column == "nucleic_acid_test":
                value = "是" if value else "否"
            assert str(value) == row[column].strip(), (row["id"], column)


def test_loading_again_writes_nothing():
    from audit.models import Event

    before = Event.objects.count()
    assert not any(loading.load().values())
    assert Event.objects.count() == before


def test_grades_are_those_of_the_file():
    counts = {grade: Indication.objects.filter(grade=grade).count() for grade in Grade}
    assert counts == {Grade.ROUTINE: 73, Grade.DISCUSSION: 9, Grade.MDT: 18}


# What a diagnosis code falls under


@pytest.mark.parametrize(
    ("match", "code", "covered"),
    [
        ("C34", "C34", True),
        ("C34", "C34.101", True),
        ("C34", "c34.9 ", True),
        ("C34", "C35", False),
        ("C18-C20", "C19.1", True),
        ("C18-C20", "C20", True),
        ("C18-C20", "C18—C20", True),
        ("C18-C20", "C21", False),
        ("C92.0", "C92.001", True),
        ("C92.0", "C92.1", False),
        ("C92.0", "C92", False),
        ("C56;C57.0;C48", "C57.0", True),
        ("C56;C57.0;C48", "C57.4", False),
        ("D12;C18-C20", "D12.6", True),
        ("C34", "", False),
    ],
)
def test_a_line_covers_the_codes_of_its_ranges(match, code, covered):
    assert Indication(icd10_match=match).covers(code) is covered


def test_every_starter_line_covers_its_own_tumours():
    for indication in Indication.objects.filter(edition__number=loading.STARTER):
        first = indication.icd10_match.split(";")[0].split("-")[0]
        assert indication.covers(first), indication.code


# Marks


def test_marks_are_for_display_and_do_not_take_a_line_out_of_force(hospital):
    marked = line("LUNG-04")
    assert marked.marks == ["待复核", "待核"]
    assert line("LUNG-01").marks == ["待复核"]
    assert queries.indication_in_force("LUNG-04", hospital, date(2026, 9, 1)) == marked


def test_a_risky_test_needs_evidence_and_discussion_whatever_its_grade():
    assert not line("LUNG-01").needs_evidence_and_discussion
    assert Indication(grade=Grade.ROUTINE, is_risky=True).needs_evidence_and_discussion
    assert Indication(grade=Grade.DISCUSSION).needs_evidence_and_discussion


# Which edition counts


def test_the_hospitals_own_edition_counts_from_its_first_day_and_the_starter_until_then(hospital, machine):
    own = an_edition(hospital, "LUNG-01")
    actions.put_in_force(edition=own, starts_on=date(2026, 7, 1), by=machine)
    starter = Edition.objects.get(number=loading.STARTER)
    assert queries.edition_in_force(hospital, date(2026, 6, 30)) == starter
    assert queries.edition_in_force(hospital, date(2026, 7, 1)) == own
    assert queries.edition_in_force(None, date(2026, 7, 1)) == starter
    assert queries.indication_in_force("CRC-01", hospital, date(2026, 7, 1)) is None
    assert queries.indication_in_force("CRC-01", hospital, date(2026, 6, 30)).edition == starter
    assert queries.indication_in_force("", hospital, date(2026, 6, 30)) is None


def test_history_before_every_edition_is_judged_by_the_edition_kept_for_it(hospital):
    starter = Edition.objects.get(number=loading.STARTER)
    assert queries.edition_in_force(hospital, date(2022, 1, 1)) == starter


def test_the_day_is_that_of_the_hospitals_clock(hospital, machine):
    own = actions.put_in_force(edition=an_edition(hospital, "LUNG-01"), starts_on=date(2026, 7, 1), by=machine)
    late = datetime(2026, 6, 30, 16, 30, tzinfo=timezone.get_fixed_timezone(0))  # 00:30 on 1 July in Shanghai
    assert queries.edition_in_force(hospital, late) == own


def test_a_second_edition_ends_the_first_on_the_day_before(hospital, machine):
    first = actions.put_in_force(edition=an_edition(hospital, "LUNG-01"), starts_on=date(2026, 1, 1), by=machine)
    second = an_edition(hospital, "LUNG-02", number="2026-2")
    actions.put_in_force(edition=second, starts_on=date(2026, 7, 1), by=machine)
    first.refresh_from_db()
    assert (first.status, first.in_force_to) == ("superseded", date(2026, 6, 30))
    assert queries.edition_in_force(hospital, date(2026, 6, 30)) == first
    third = an_edition(hospital, "LUNG-02", number="2026-3")
    with pytest.raises(Refused):
        actions.put_in_force(edition=third, starts_on=date(2026, 7, 1), by=machine)


def test_an_empty_edition_is_not_put_in_force(hospital, machine):
    with pytest.raises(Refused):
        actions.put_in_force(edition=an_edition(hospital), starts_on=date(2026, 1, 1), by=machine)


# The database keeps an edition in force as it was


def refused_by_the_database(change):
    with pytest.raises(IntegrityError), transaction.atomic():
        change()


def test_the_list_of_an_edition_in_force_is_not_edited():
    indication = line()
    others = {
        f.attname: getattr(indication, f.attname) for f in Indication._meta.fields if f.name not in ("id", "code")
    }
    refused_by_the_database(lambda: Indication.objects.filter(pk=indication.pk).update(setting="别的"))
    refused_by_the_database(indication.delete)
    refused_by_the_database(lambda: Indication.objects.create(**others, code="LUNG-99"))


def test_a_draft_is_edited_freely_and_no_line_moves_into_an_edition_in_force(hospital):
    draft = an_edition(hospital, "LUNG-01", "LUNG-02")
    draft.indications.filter(code="LUNG-01").update(setting="别的")
    draft.indications.filter(code="LUNG-01").delete()
    starter = Edition.objects.get(number=loading.STARTER)
    moved = draft.indications.filter(code="LUNG-02")
    refused_by_the_database(lambda: moved.update(edition=starter, code="LUNG-98"))


def test_of_an_edition_in_force_only_the_end_is_written():
    starter = Edition.objects.filter(number=loading.STARTER)
    for change in ({"title": "别的"}, {"status": "draft"}, {"in_force_from": date(2020, 1, 1)}, {"number": "x"}):
        refused_by_the_database(lambda change=change: starter.update(**change))
    refused_by_the_database(lambda: starter.get().delete())
    starter.update(in_force_to=date(2030, 1, 1))


def test_no_two_editions_of_an_institution_are_in_force_at_once(hospital):
    Edition.objects.create(
        institution=hospital, number="1", title="一", status="in_force", in_force_from=date(2026, 1, 1)
    )
    refused_by_the_database(
        lambda: Edition.objects.create(
            institution=hospital, number="2", title="二", status="in_force", in_force_from=date(2026, 6, 1)
        )
    )


# Who may ask, what is done in-house


def test_a_doctor_asks_up_to_the_grade_granted_while_it_lasts(hospital, machine, somebody):
    doctor = somebody(institution=hospital)
    granted = {"user": doctor, "institution": hospital, "granted_by": machine}
    RequestAuthority.objects.create(**granted, grade=Grade.ROUTINE, starts_on=date(2026, 1, 1))
    RequestAuthority.objects.create(
        **granted, grade=Grade.DISCUSSION, starts_on=date(2026, 3, 1), ends_on=date(2026, 6, 30)
    )
    assert queries.authority(doctor, hospital, date(2025, 12, 31)) is None
    assert queries.authority(doctor, hospital, date(2026, 2, 1)) == Grade.ROUTINE
    assert queries.authority(doctor, hospital, date(2026, 6, 30)) == Grade.DISCUSSION
    assert queries.may_request(doctor, hospital, Grade.ROUTINE, date(2026, 6, 30))
    assert not queries.may_request(doctor, hospital, Grade.MDT, date(2026, 6, 30))
    assert queries.authority(doctor, hospital, date(2026, 7, 1)) == Grade.ROUTINE


def test_a_suspended_authority_ends_on_the_day_of_suspension(hospital, machine, somebody):
    doctor = somebody(institution=hospital)
    RequestAuthority.objects.create(
        user=doctor, institution=hospital, granted_by=machine, grade=Grade.MDT, starts_on=date(2026, 1, 1),
        suspended_on=date(2026, 5, 1), suspended_by=machine, suspended_reason="核实中",
    )  # fmt: skip
    assert queries.authority(doctor, hospital, date(2026, 4, 30)) == Grade.MDT
    assert queries.authority(doctor, hospital, date(2026, 5, 1)) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"ends_on": date(2025, 1, 1)},
        {"suspended_on": date(2026, 5, 1)},
        {"suspended_reason": "无日期"},
        {"granted_by": "self"},
    ],
)
def test_an_authority_that_cannot_be_is_refused(hospital, machine, somebody, wrong):
    doctor = somebody(institution=hospital)
    values = {
        "user": doctor,
        "institution": hospital,
        "granted_by": machine,
        "grade": Grade.MDT,
        "starts_on": date(2026, 1, 1),
    }
    wrong = {name: doctor if value == "self" else value for name, value in wrong.items()}
    refused_by_the_database(lambda: RequestAuthority.objects.create(**values | wrong))


def test_one_grade_is_not_granted_twice_for_the_same_days(hospital, machine, somebody):
    values = {"user": somebody(), "institution": hospital, "granted_by": machine, "grade": Grade.MDT}
    RequestAuthority.objects.create(**values, starts_on=date(2026, 1, 1), ends_on=date(2026, 6, 30))
    refused_by_the_database(lambda: RequestAuthority.objects.create(**values, starts_on=date(2026, 6, 30)))
    RequestAuthority.objects.create(**values, starts_on=date(2026, 7, 1))


def test_a_test_is_done_in_house_from_its_registration_to_its_last_day(hospital):
    test = GeneTest.objects.get(code="GT-LUNG-01")
    InHouseCapability.objects.create(
        institution=hospital, test=test, registered_on=date(2026, 1, 1), ends_on=date(2026, 6, 30)
    )
    asked = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1)]
    assert [queries.done_in_house(hospital, test, on) for on in asked] == [False, True, True, False]


# Drugs


@pytest.mark.parametrize(
    ("drug", "indication", "line", "answer"),
    [
        ("奥希替尼", "EGFR突变NSCLC", "一线/辅助", True),
        ("奥拉帕利", "卵巢癌一线维持（单药）", "", True),
        ("奥拉帕利", "铂敏感复发卵巢癌维持", "", False),
        ("奥拉帕利", "", "", None),  # the drug alone does not decide
        ("奥拉帕利+贝伐珠单抗", "卵巢癌", "", True),
        ("尼拉帕利", "卵巢癌", "", None),  # as its label says
        ("贝伐珠单抗", "", "", False),
        ("西妥昔单抗", "头颈部鳞癌", "", False),
        ("西妥昔单抗", "转移性结直肠癌", "", True),
        ("伊马替尼", "GIST", "", None),
        ("没有这个药", "", "", None),
    ],
)
def test_whether_a_drug_asks_for_a_target_hangs_on_indication_and_line(drug, indication, line, answer):
    assert queries.requires(drug, indication, line) is answer


# Pages


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("EGFR", "LUNG-01"),
        ("非小细胞", "LUNG-07"),
        ("jzca", "CRC-01"),
        ("gt-hem-01", "HEM-01"),
        ("奥拉帕利 卵巢", "OVA-01"),
    ],
)
def test_the_catalog_is_searched_by_gene_tumour_initials_code_and_drug(client, somebody, words, found):
    client.force_login(somebody("catalog.view_catalog"))
    page = client.get("/catalog/", {"q": words}).content.decode()
    assert f">{found}<" in page
    assert ">NPC-02<" not in page


def test_a_search_without_a_hit_says_what_that_means(client, somebody):
    client.force_login(somebody("catalog.view_catalog"))
    page = client.get("/catalog/", {"q": "没有这个"}).content.decode()
    assert "<table" not in page
    assert 'href="/catalog/"' in page


def test_an_indication_shows_its_basis_and_its_marks(client, somebody):
    client.force_login(somebody("catalog.view_catalog"))
    page = client.get("/catalog/LUNG-04/").content.decode()
    for words in ("中华肿瘤杂志2024;46(3):179-188", "待复核", "待核", "20外显子插入", "C34"):
        assert words in page, words
    assert client.get("/catalog/LUNG-99/").status_code == 404


def test_a_case_links_to_the_edition_of_its_day_and_to_no_strangers_edition(client, somebody, hospital, machine):
    own = actions.put_in_force(edition=an_edition(hospital, "LUNG-01"), starts_on=date(2026, 1, 1), by=machine)
    starter = Edition.objects.get(number=loading.STARTER)
    client.force_login(somebody("catalog.view_catalog", institution=hospital))
    assert client.get("/catalog/CRC-01/").status_code == 404
    assert client.get(f"/catalog/CRC-01/?edition={starter.pk}").status_code == 200
    client.force_login(somebody("catalog.view_catalog"))
    assert client.get(f"/catalog/LUNG-01/?edition={own.pk}").status_code == 404
    assert client.get("/catalog/LUNG-01/?edition=x").status_code == 404


@pytest.mark.parametrize("url", ["/catalog/", "/catalog/not-indicated/", "/catalog/drugs/", "/catalog/LUNG-01/"])
def test_catalog_pages_ask_to_sign_in_and_for_a_post(client, somebody, url):
    assert client.get(url).status_code == 302
    client.force_login(somebody())
    assert client.get(url).status_code == 403
    client.force_login(somebody("catalog.view_catalog"))
    assert client.get(url).status_code == 200
