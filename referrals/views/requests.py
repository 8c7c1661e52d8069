"""The door of the request: the page, its fragments, drafts, and what may be done to a request before consent."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from audit.gates import Act, Refused, judge
from audit.guards import needs
from catalog import technical_record
from catalog.models import Indication
from documents.paging import address, newest_first
from referrals import offering, pathway, queries, requesting
from referrals.actions import drafts, plan_rows
from referrals.actions import requests as actions
from referrals.forms.requests import (
    EvidenceRows,
    NewPatientForm,
    PlanRows,
    RequestForm,
)
from referrals.gates.money import RESEARCH_CHARGED
from referrals.gates.requesting import NOT_LISTED
from referrals.models import Patient, Referral, ReferralDraft
from referrals.views.common import back_to_case, put_errors, who

PERMISSION = "referrals.submit_referral"
# Fields of the page that are no part of what is typed.
NOT_TYPED = {"csrfmiddlewaretoken", "do", "draft", "version", "window"}


class Page:
    """One request page: its forms bound to what was posted, typed into a draft, or nothing yet."""

    def __init__(
        self, request: HttpRequest, typed: Any = None, draft: ReferralDraft | None = None, *, checking: bool = False
    ):
        self.user = who(request)
        self.typed = typed
        self.draft = draft
        initial = {"test_query": request.GET.get("q", "")[:60]}
        self.form = RequestForm(typed, user=self.user, initial=initial)
        if not checking:
            quiet(self.form)
        self.evidence = EvidenceRows(typed)
        self.plan = PlanRows(typed, institution=self.user.post.institution)
        self.refusals: list[Any] = []
        self.window = (typed or {}).get("window") or secrets.token_hex(8)
        self.version = draft.version if draft else 0
        self.apart = False
        query = self.value("patient_query")
        self.patients = requesting.find_patients(self.user, query)
        self.is_new = bool(query) and not self.patients
        self.new = NewPatientForm(typed) if checking else NewPatientForm(initial=_so_far(typed or {}, query))

    def value(self, name: str) -> str:
        return str((self.typed or {}).get(name) or self.form.initial.get(name) or "").strip()

    @property
    def patient(self) -> Patient | None:
        return self.patients[0] if len(self.patients) == 1 else None

    @property
    def line(self) -> Indication | None:
        key = self.value("indication")
        if not key.isdecimal():
            return None
        return Indication.objects.select_related("test", "edition").filter(pk=key).first()

    def is_valid(self) -> bool:
        """Every form, so that all that is wrong shows at once."""
        checked = [
            self.form.is_valid(),
            self.evidence.is_valid(),
            self.plan.is_valid(),
            not self.is_new or self.new.is_valid(),
        ]
        if len(self.patients) > 1:
            numbers = "、".join(one.record_no for one in self.patients)
            message = _("Several records match: enter the record number (%(numbers)s).") % {"numbers": numbers}
            self.form.add_error("patient_query", message)
            return False
        return all(checked)

    @property
    def also(self) -> list[Any]:
        """The further forms of the page that have something wrong; the new patient's only where there is a new one."""
        forms = [*([self.new] if self.is_new else []), *self.evidence, *self.plan]
        return [one for one in forms if one.errors]

    def context(self) -> dict[str, Any]:
        return {
            "form": self.form,
            "own": technical_record.standing(self.user, self.user.post.institution),
            "page": self,
            "new": self.new,
            "also": self.also,
            "evidence": self.evidence,
            "plan": self.plan,
            "refusals": self.refusals,
            "draft": self.draft,
            "version": self.version,
            "window": self.window,
            "apart": self.apart,
            **patient_context(self),
            **tests_context(self),
            **checks_context(self),
        }


def _guess(query: str) -> dict[str, str]:
    """What was looked up in vain is the new patient's record number, or ID number when it has eighteen places."""
    return {"id_number": query} if len(query) >= 15 else {"record_no": query}


def _so_far(typed: Any, query: str) -> dict[str, str]:
    """What is typed of a new patient, over what the number looked up in vain says already."""
    known = {name: typed.get(f"new-{name}") for name in NewPatientForm.base_fields}
    return {**_guess(query), **{name: value for name, value in known.items() if value}}


def quiet(form: Any) -> None:
    """A form as typed so far, without complaints about what is not filled in yet."""
    if form.is_bound:
        form.full_clean()
        form.errors.clear()


def patient_context(page: Page) -> dict[str, Any]:
    cases = list(requesting.cases_of(page.patient)[:10]) if page.patient else []
    return {"patients": page.patients, "patient": page.patient, "is_new": page.is_new, "cases": cases}


def tests_context(page: Page) -> dict[str, Any]:
    chosen = page.line
    institution = page.user.post.institution
    words = page.value("test_query")
    found = offering.offers(
        institution,
        words,
        page.value("diagnosis_code"),
        chosen.pk if chosen else None,
        pathology=page.value("pathology"),
        stage=page.value("stage"),
        patient=page.patient,
        by=page.user,
    )
    return {"offers": found, "words": words, "not_listed": NOT_LISTED if words and not found.lines else ""}


def checks_context(page: Page) -> dict[str, Any]:
    """What the rules and the records say of the request as typed so far; nothing is saved."""
    line, diagnosis = page.line, page.value("diagnosis_code")
    at = timezone.now()
    says = requesting.first_visit(page.patient, diagnosis) if diagnosis and page.value("patient_query") else None
    earlier = requesting.earlier_results(page.patient, line.test, at) if page.patient and line else []
    return {
        "line": line,
        "research": RESEARCH_CHARGED if page.value("nature") == Referral.Nature.RESEARCH else "",
        "says": says,
        "earlier": earlier,
        "papers_asked": requesting.papers_asked(line, page.user.post.institution, at),
        "priced": _priced(page, line),
        "plan_lines": requesting.lines_for(page.user.post.institution, diagnosis, at),
        "ahead": _judged(page, line, at) if line and diagnosis else [],
    }


def _priced(page: Page, line: Indication | None) -> dict[str, Any] | None:
    """The steps of the plan with the price of each today, and the most that is paid in all."""
    chosen = [one["indication"] for one in page.plan.rows if one["indication"]]
    if line is None or not chosen:
        return None
    listed = [offering.Offer(one, True) for one in (line, *chosen)]
    offering.complete(listed, page.user.post.institution, timezone.localdate())
    prices = [one.price for one in listed]
    return {"steps": listed, "most": sum(one for one in prices if one is not None), "whole": None not in prices}


def _judged(page: Page, line: Indication, at: Any) -> list[Any]:
    """The gates of submission, judged on a request that is not saved."""
    nature, study = page.value("nature") or Referral.Nature.CLINICAL, page.value("study")
    known = page.form.studies.get(int(study)) if study.isdecimal() else None
    would_be = Referral(
        pk=0, institution=page.user.post.institution, department=page.user.post.department, requester=page.user,
        patient=page.patient, diagnosis_code=page.value("diagnosis_code").upper(), pathology=page.value("pathology"), indication=line, test=line.test,
        nature=nature, study=known, first_visit=True,
    )  # fmt: skip
    act = Act(by=page.user, step=pathway.SUBMIT.name)
    found = [one for one in (judge(code, would_be, at, act) for code in ("X02", "X04", "X10")) if one.blocks]
    for position, step in enumerate(page.plan.rows, start=2):
        if step["indication"]:
            found += plan_rows.gated(would_be, step["indication"], position, page.user, at)
    return found


@needs(PERMISSION)
def new(request: HttpRequest) -> HttpResponse:
    """A request on one page. Its buttons find the patient, search the catalog, keep the draft, or submit."""
    if request.method != "POST":
        return render(request, "referrals/request.html", Page(request).context())
    return _posted(request)


@needs(PERMISSION, on=ReferralDraft)
def draft(request: HttpRequest, draft: ReferralDraft) -> HttpResponse:
    """A draft, to go on with."""
    if draft.referral:
        return redirect(back_to_case(draft.referral))
    if request.method == "POST":
        return _posted(request, draft)
    typed = {name: value for name, value in drafts.read(draft).items() if not name.startswith("_")}
    return render(request, "referrals/request.html", Page(request, typed, draft).context())


def _posted(request: HttpRequest, draft: ReferralDraft | None = None) -> HttpResponse:
    draft = _named_draft(request) or draft
    do = request.POST.get("do", "submit")
    page = Page(request, request.POST, draft, checking=do == "submit")
    if do == "submit":
        return _submit(request, page)
    if do == "save":
        _keep(request, page)
        if not page.apart:
            messages.success(request, _("Draft saved."))
    # Finding and searching only draw the page again with what was found.
    return render(request, "referrals/request.html", page.context())


def _submit(request: HttpRequest, page: Page) -> HttpResponse:
    if page.is_valid():
        try:
            referral = actions.submit(
                by=who(request),
                patient=page.patient or actions.NewPatient(**page.new.cleaned_data),
                evidence=page.evidence.rows,
                steps=page.plan.rows,
                # No field of the page names a laboratory; whoever sends one all the same is refused (X16).
                laboratory_chosen="laboratory" in request.POST,
                draft=page.draft,
                version=_number(request.POST.get("version")),
                window=page.window,
                **page.form.asked,
            )
        except Refused as refused:
            page.refusals = refused.refusals
        except ValidationError as wrong:
            if hasattr(wrong, "error_dict"):
                rest = page.plan.put_errors(wrong.message_dict)
                wrong = ValidationError(rest) if rest else None  # type: ignore[assignment]
            if wrong:
                put_errors(wrong, page.form, page.new)
        else:
            said = _("Request %(number)s is submitted: %(status)s.")
            values = {"number": referral.number, "status": referral.get_status_display()}
            messages.success(request, said % values)
            return redirect(back_to_case(referral))
    _keep(request, page)
    return render(request, "referrals/request.html", page.context(), status=422)


def _keep(request: HttpRequest, page: Page) -> None:
    """What was typed becomes the draft, whatever else happened."""
    if page.draft and page.draft.referral_id:
        return
    page.draft, page.apart = drafts.save(
        by=who(request),
        typed=_typed(request),
        window=page.window,
        draft=page.draft,
        version=_number(request.POST.get("version")),
    )
    page.version = page.draft.version


def _typed(request: HttpRequest) -> dict[str, str]:
    return {
        name: value[:2000]
        for name, value in request.POST.items()
        if name not in NOT_TYPED and isinstance(value, str) and len(name) <= 40
    }


def _named_draft(request: HttpRequest) -> ReferralDraft | None:
    key = request.POST.get("draft", "")
    return ReferralDraft.objects.visible_to(request.user).filter(pk=key).first() if key.isdecimal() else None


def _number(text: Any) -> int:
    return int(text) if str(text or "").isdecimal() else 0


# Fragments: what htmx asks for while one types. All are posts, so that no ID number stands in an address.


@require_POST
@needs(PERMISSION)
def patient(request: HttpRequest) -> HttpResponse:
    page = Page(request, request.POST)
    return render(request, "referrals/_request_patient.html", {**patient_context(page), "new": page.new})


@require_POST
@needs(PERMISSION)
def tests(request: HttpRequest) -> HttpResponse:
    return render(request, "referrals/_request_tests.html", tests_context(Page(request, request.POST)))


@require_POST
@needs(PERMISSION)
def checks(request: HttpRequest) -> HttpResponse:
    return render(request, "referrals/_request_checks.html", checks_context(Page(request, request.POST)))


# Drafts


@require_POST
@needs(PERMISSION)
def save_draft(request: HttpRequest) -> HttpResponse:
    """Keeps what is typed, at every change; answers with the draft's number and version."""
    known = _named_draft(request)
    typed = _typed(request)
    window = request.POST.get("window", "")[:40]
    saved, apart = drafts.save(
        by=who(request),
        typed=typed,
        window=window,
        draft=known,
        version=_number(request.POST.get("version")),
    )
    context = {"draft": saved, "version": saved.version, "window": window, "apart": apart}
    return render(request, "referrals/_request_draft.html", context)


@require_GET
@needs(PERMISSION)
def draft_list(request: HttpRequest) -> HttpResponse:
    """One's own drafts, last typed first."""
    found = ReferralDraft.objects.visible_to(request.user).filter(referral__isnull=True)
    listed, older, newer = newest_first(found, "saved_at", request.GET, size=queries.PAGE)
    page = [(one, drafts.read(one)) for one in listed]
    chosen = [int(typed["indication"]) for _one, typed in page if str(typed.get("indication", "")).isdecimal()]
    lines = Indication.objects.select_related("test").in_bulk(chosen)
    rows = []
    for one, typed in page:
        line = lines.get(_number(typed.get("indication")))
        rows.append(
            {
                "draft": one,
                "patient": typed.get("new-name") or typed.get("patient_query", ""),
                "diagnosis": typed.get("diagnosis_code", ""),
                "test": str(line.test) if line else typed.get("test_query", ""),
            }
        )
    context = {
        "rows": rows,
        "older_url": address(request, after=older) if older else "",
        "newer_url": address(request, before=newer) if newer else "",
    }
    return render(request, "referrals/drafts.html", context)


@require_POST
@needs(PERMISSION, on=ReferralDraft)
def discard_draft(request: HttpRequest, draft: ReferralDraft) -> HttpResponse:
    drafts.discard(draft=draft, by=who(request))
    messages.success(request, _("Draft discarded."))
    return redirect("referrals:drafts")
