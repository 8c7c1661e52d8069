"""The hospital's drug list (A33) and the editions of the drug rules (A31)."""

import io
from datetime import date, timedelta

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.forms import MultipleChoiceField
from django.urls import reverse
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

from audit.gates import Refused
from catalog import queries
from catalog.actions import formulary, rules
from catalog.forms.criteria import CriteriaForm
from catalog.forms.criteria import changed as redrawn
from catalog.models import FormularyEntry
from catalog.targets.criteria import read_uses
from documents.files import XLSX
from documents.spreadsheets import BadWorkbook, Column, SheetOut, workbook

pytestmark = pytest.mark.django_db
FROM = date(2026, 1, 1)


def sign_in(client, person):
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def put(hospital, **changes):
    fields = {
        "drug": "奥希替尼",
        "in_formulary": True,
        "insurance": "negotiated",
        "is_essential": False,
        "valid_from": FROM,
    }
    return formulary.put(by=hospital.pharmacist, **{**fields, **changes})


def test_a_change_is_a_new_row_and_each_day_has_one(hospital):
    first, new = put(hospital)
    assert new and put(hospital) == (first, False)
    put(hospital, in_formulary=False, valid_from=date(2026, 6, 1))

    def on(day):
        return queries.formulary_status("奥希替尼", hospital.institution, day)

    assert on(date(2025, 12, 31)) is None
    assert on(date(2026, 5, 31)).in_formulary and not on(date(2026, 6, 1)).in_formulary
    assert on(date(2026, 5, 31)).valid_to == date(2026, 5, 31)
    with pytest.raises(ValidationError):
        put(hospital, valid_from=date(2026, 2, 1), is_essential=True)


def test_only_a_pharmacist_changes_the_list(hospital):
    with pytest.raises(PermissionDenied):
        formulary.put(
            by=hospital.doctor, drug="奥希替尼", in_formulary=True, insurance="a", is_essential=False, valid_from=FROM
        )


def sheet(*rows):
    heads = [*formulary.HEADINGS, *formulary.OPTIONAL]
    return workbook([SheetOut(formulary.SHEET, [Column(one) for one in heads], rows)])


def test_a_sheet_is_read_in_whole_or_not_at_all(hospital):
    good = ("奥希替尼", "是", "国谈", "否", "限EGFR突变", "2026-01-01", "")
    wrong = ("吉非替尼", "也许", "戊类", "是", "", "不知道", "")
    with pytest.raises(BadWorkbook) as faults:
        formulary.take_in(by=hospital.pharmacist, content=sheet(good, wrong, good))
    assert len(faults.value.faults) == 4
    assert not FormularyEntry.objects.exists()

    counts = formulary.take_in(
        by=hospital.pharmacist, content=sheet(good, ("吉非替尼", "是", "甲", "是", "", "2026-01-01", ""))
    )
    assert counts == {"rows": 2, "new": 2}
    assert queries.formulary_of(["奥希替尼", "吉非替尼"], hospital.institution, FROM)["吉非替尼"].insurance == "a"


def test_the_list_on_its_page_and_back_as_a_sheet(hospital, client):
    page = sign_in(client, hospital.pharmacist)
    url = reverse("catalog:formulary")
    book = SimpleUploadedFile(
        "目录.xlsx", sheet(("奥希替尼", "是", "国谈", "否", "限EGFR", "2026-01-01", "")), content_type=XLSX
    )
    assert page.post(url, {"do": "sheet", "file": book}).status_code == 302
    form = {"do": "entry", "drug": "吉非替尼", "in_formulary": "on", "insurance": "a", "valid_from": "2026-01-01"}
    assert page.post(url, form).status_code == 302
    assert "限EGFR" in page.get(url).content.decode()
    rows = list(
        openpyxl.load_workbook(io.BytesIO(page.get(reverse("catalog:formulary_sheet")).content)).worksheets[0].values
    )
    assert rows[1][:3] == ("吉非替尼", "是", "甲") or rows[2][:3] == ("吉非替尼", "是", "甲")
    doctor = sign_in(client, hospital.doctor)
    assert doctor.get(url).status_code == 200
    assert doctor.post(url, form).status_code == 403


def test_a_program_reads_and_puts_the_list(hospital, program):
    his = program(hospital.pharmacist)
    given = {"drug": "奥希替尼", "in_formulary": True, "insurance": "negotiated", "valid_from": "2026-01-01"}
    assert his.post("formulary/", given).status_code == 201
    assert his.post("formulary/", given).status_code == 200
    (row,) = program(hospital.doctor).get("formulary/", drug="奥希").json()
    assert (row["insurance"], row["insurance_label"]) == ("negotiated", "国谈（乙类）")


# Editions of the rules


def drafted(hospital):
    return rules.draft(institution=hospital.institution, number="2027-1", title="2027年版规则", by=hospital.pharmacist)


def changed(hospital, edition):
    rule = edition.rules.get(code="G01")
    values = {name: getattr(rule, name) for name in rules.WORDING} | {"basis": "药品说明书（2027）"}
    return rules.put_rule(edition=edition, code="G01", values=values, reason="说明书更新", by=hospital.pharmacist)


def test_an_edition_is_drafted_checked_put_in_force_and_takes_over_that_day(hospital):
    edition = drafted(hospital)
    assert edition.rules.count() == 39
    changed(hospital, edition)
    tomorrow = timezone.localdate() + timedelta(days=1)
    with pytest.raises(Refused):
        rules.approve(edition=edition, by=hospital.affairs, starts_on=tomorrow)
    edition = rules.check(edition=edition, by=hospital.pharmacist)
    with pytest.raises(Refused):
        changed(hospital, edition)
    edition = rules.approve(edition=edition, by=hospital.affairs, starts_on=tomorrow)

    def of(day):
        return queries.rule_edition_in_force(hospital.institution, day).number

    assert (of(tomorrow - timedelta(days=1)), of(tomorrow)) == ("2026-1", "2027-1")
    second = rules.draft(institution=hospital.institution, number="2027-2", title="修订", by=hospital.pharmacist)
    rules.check(edition=second, by=hospital.pharmacist)
    rules.approve(edition=second, by=hospital.affairs, starts_on=tomorrow + timedelta(days=10))
    edition.refresh_from_db()
    assert (edition.status, edition.in_force_to) == ("superseded", tomorrow + timedelta(days=9))


def test_who_drafted_or_checked_does_not_put_in_force(hospital):
    edition = rules.check(edition=drafted(hospital), by=hospital.pharmacist)
    type(edition).objects.filter(pk=edition.pk).update(checked_by=hospital.affairs)
    edition.refresh_from_db()
    with pytest.raises(Refused) as refused:
        rules.approve(edition=edition, by=hospital.affairs, starts_on=timezone.localdate())
    assert [one.code for one in refused.value.refusals] == ["X14"]
    with pytest.raises(PermissionDenied):
        rules.approve(edition=edition, by=hospital.doctor, starts_on=timezone.localdate())


def test_a_change_has_a_reason_and_criteria_that_make_sense(hospital):
    edition = drafted(hospital)
    rule = edition.rules.get(code="G01")
    values = {name: getattr(rule, name) for name in rules.WORDING}
    with pytest.raises(ValidationError) as unsaid:
        rules.put_rule(edition=edition, code="G01", values=values, reason=" ", by=hospital.pharmacist)
    with pytest.raises(ValidationError) as senseless:
        rules.put_rule(
            edition=edition,
            code="G01",
            values=values | {"uses": [{"need": "perhaps"}]},
            reason="试",
            by=hospital.pharmacist,
        )
    assert "reason" in unsaid.value.message_dict and "uses" in senseless.value.message_dict


def typed(uses):
    """What a browser sends for these criteria when nothing was touched."""
    criteria = CriteriaForm(uses=uses)
    sent = MultiValueDict({"uses": [str(len(criteria.rows))]})
    for at, row in enumerate(criteria.rows):
        sent[f"u{at}-conditions"] = str(len(row.conditions))
        for form in (row.form, *row.conditions):
            for field in form:
                value = field.value()
                if isinstance(value, list) and isinstance(field.field, MultipleChoiceField):
                    sent.setlist(field.html_name, value)
                elif value not in (None, False):
                    sent[field.html_name] = str(field.field.prepare_value(value))
    return dict(sent.lists())


def as_sent(fields):
    return MultiValueDict({name: value if isinstance(value, list) else [value] for name, value in fields.items()})


def test_every_rule_passes_through_the_form_unchanged(hospital):
    rows = list(queries.rule_edition_in_force(hospital.institution, timezone.localdate()).rules.all())
    assert len(rows) >= 38
    for rule in rows:
        form = CriteriaForm(as_sent(typed(rule.uses)))
        assert form.is_valid(), (rule.code, [one.errors for row in form.rows for one in (row.form, *row.conditions)])
        assert read_uses(form.uses) == rule.read_uses, rule.code


def test_rows_come_and_go_with_what_was_typed():
    start = typed([{"need": "test", "any_of": [[{"target": "EGFR", "genes": ["EGFR"]}]]}]) | {"u0c0-places": ["19del"]}
    more = redrawn(as_sent(start), "add-condition-0")
    assert [one["places"].value() for one in more.rows[0].conditions] == ["19del", None]
    two = redrawn(as_sent(start), "add-use")
    assert len(two.rows) == 2
    assert redrawn(as_sent(start), "drop-use-0").rows == []
    assert redrawn(as_sent(start), "drop-condition-0-0").rows[0].conditions == []
    assert redrawn(as_sent(start), "put") is None


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        ({"u0c0-genes": [""]}, "基因"),
        ({"u0c0-sense": ["measure"]}, "检测指标"),
        ({"u0-need": ["none"]}, "条件"),
        ({"u0-conditions": ["0"]}, "条件"),
    ],
)
def test_what_makes_no_sense_is_said_at_its_field(spoilt, said):
    form = CriteriaForm(
        as_sent(typed([{"need": "test", "any_of": [[{"target": "EGFR", "genes": ["EGFR"]}]]}]) | spoilt)
    )
    assert not form.is_valid()
    row = form.rows[0]
    told = [text for one in (row.form, *row.conditions) for texts in one.errors.values() for text in texts]
    assert any(said in text for text in told), told


def test_the_edition_on_its_pages(hospital, client):
    page = sign_in(client, hospital.pharmacist)
    made = page.post(reverse("catalog:rule_editions"), {"number": "2027-1", "title": "2027年版规则"})
    url = made["Location"]
    edition = queries.RuleEdition.objects.get(number="2027-1")
    rule = edition.rules.get(code="G39")
    edit = reverse("catalog:edit_rule", args=[edition.pk, "G39"])
    form = {name: getattr(rule, name) for name in ("code", "drugs", "indication", "line", "biomarker", "need_as_written",
            "accepted_result", "accepted_specimen", "not_sufficient", "basis", "confidence", "mark")}  # fmt: skip
    form |= {"names": "\n".join(rule.names), "reason": "说明书已核对", "confidence": "high"} | typed(rule.uses)
    assert "HRD" in page.get(edit).content.decode()
    refused = page.post(edit, {"do": "put", **form, "u0c0-genes": "", "u0c0-measure": ""})
    assert refused.status_code == 422 and "说明书已核对" in refused.content.decode()
    assert page.post(edit, {"do": "put", **form}).status_code == 302
    assert edition.rules.get(code="G39").read_uses == rule.read_uses
    text = page.get(url).content.decode()
    assert "说明书已核对" in text and "medium" in text
    assert page.post(url, {"do": "check"}).status_code == 302
    affairs = sign_in(client, hospital.affairs)
    assert affairs.post(url, {"do": "approve", "starts_on": f"{timezone.localdate():%Y-%m-%d}"}).status_code == 302
    edition.refresh_from_db()
    assert edition.status == "in_force"
