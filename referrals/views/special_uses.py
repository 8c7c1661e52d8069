"""The doors of special uses: beyond the label, and bought outside (A36–A39)."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from audit.declaring import record_reading
from audit.guards import needs
from documents import files
from documents import pdf as paper_maker
from documents.templatetags.formats import moment
from referrals import special_uses as chart
from referrals.actions import drug_checks
from referrals.actions import special_uses as actions
from referrals.forms import drugs as forms
from referrals.gates.words import link
from referrals.models import DrugCheck, SpecialUse
from referrals.views.drug_pages import attempt, detail, listed, panel, sent
from referrals.views.drugs import ask, chip, patient_of, related
from referrals.views.station import pdf

S = SpecialUse.Status
STATE = {S.CONSENTED: "passed", S.REQUESTED: "waiting", S.DISCUSSED: "waiting", S.APPROVED: "waiting"}


@ask
@needs(drug_checks.VIEW)
def special_uses(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    data = sent(request, "request")
    start = {name: request.GET.get(name, "") for name in ("record_no", "drug", "indication", "line", "kind", "check")}
    form = forms.SpecialUseForm(data, request.FILES if data else None, user=user, initial=start)
    done, refusals = attempt(
        request, form, lambda: _requested(form, user), _("Asked for; the discussion comes next."),
        lambda made: made.get_absolute_url(),
    )  # fmt: skip
    if done:
        return done
    found = SpecialUse.objects.visible_to(user).select_related(*related(user), "requested_by")
    if (status := request.GET.get("status", "")) in S.values:
        found = found.filter(status=status)

    def row(one: SpecialUse) -> list:
        return [
            {"text": moment(one.requested_at), "url": one.get_absolute_url()}, one.get_kind_display(),
            patient_of(user, one.patient), one.drug, f"{one.indication} {one.line}".strip(), one.requested_by.name,
            chip(STATE.get(S(one.status), "blocked"), one.get_status_display()),
        ]  # fmt: skip

    columns = [
        (_("Asked at"), "nobreak"), (_("Kind of use"), ""), (_("Patient"), ""), (_("Drug"), ""),
        (_("Indication and line"), "wrap"), (_("Asked by"), "name"), (_("Status"), ""),
    ]  # fmt: skip
    may = user.may(chart.REQUEST)
    one = panel(form, _("Ask for a special use"), _("Ask"), do="request", multipart=True)
    return listed(
        request, found, "requested_at", row, here="referrals:special_uses", title=_("Beyond the label, bought outside"),
        subtitle=_("Discussed by clinic and pharmacy, approved by the hospital, told and signed, in this order, before the drug is prescribed (A36–A39)."),
        columns=columns, panels=[one if may else {}], refusals=refusals,
        lists=forms.lists(user.post.institution_id, timezone.localdate()) if may else {},
    )  # fmt: skip


def _requested(form: Any, user: Any) -> SpecialUse:
    asked = form.asked
    number = asked.pop("check")
    check = DrugCheck.objects.visible_to(user).filter(pk=number).first() if number else None
    return actions.request(patient=form.patient, by=user, check=check, **asked)


@ask
@needs(drug_checks.VIEW, on=SpecialUse)
def special_use(request: HttpRequest, use: SpecialUse) -> HttpResponse:
    """One special use: what was asked, who said what, and the next thing this person may do."""
    user: Any = request.user
    refusals: list = []
    panels = []
    for do, build, act, title, submit, said in _doings(use, user):
        data = sent(request, do)
        form = build(data, request.FILES) if data and do == "sign" else build(data)
        done, refused = attempt(request, form, partial(_taken, act, form, use, user), said, request.path)
        if done:
            return done
        refusals += refused
        danger = do in ("withdraw", "refuse")
        one = panel(form, title, submit, do=do, danger=danger, multipart=do == "sign")
        if do == "sign" and use.told_sha256:
            one |= {"paper": link("referrals:special_use_paper", use.pk), "paper_label": _("Print the paper to sign")}
        panels.append(one)
    return detail(
        request, title=f"{use.drug}　{use.indication}", here="referrals:special_uses", sections=_sections(use, user),
        panels=panels, refusals=refusals,
    )  # fmt: skip


def _taken(act: Any, form: Any, use: SpecialUse, user: Any) -> Any:
    return act(use=use, by=user, **form.cleaned_data)


def _doings(use: SpecialUse, user: Any) -> list[tuple]:
    """(name, form, action, title, button, what is said) of each thing this post may do now."""
    mine = user.may(chart.REQUEST, use)
    found: list[tuple] = []
    if use.status == S.REQUESTED:
        if user.may(chart.OPINION, use) and not use.opinions.filter(given_by=user).exists():
            found.append(
                (
                    "opinion",
                    forms.OpinionForm,
                    actions.give_opinion,
                    _("Opinion"),
                    _("Give the opinion"),
                    _("The opinion is recorded."),
                )
            )
        if user.may(chart.CONCLUDE.permission, use):
            found.append(
                (
                    "conclude",
                    forms.ConcludeForm,
                    actions.conclude,
                    _("Conclusion of the discussion"),
                    _("Conclude"),
                    _("The discussion is concluded."),
                )
            )
    if use.status == S.DISCUSSED and user.may(chart.APPROVE.permission, use):
        found.append(
            (
                "decide",
                forms.DecideForm,
                actions.decide,
                _("Approval of the hospital"),
                _("Decide"),
                _("The decision is recorded."),
            )
        )
    if use.status == S.APPROVED and mine:

        def tell(data: Any) -> Any:
            return forms.TellForm(data, initial=use.told or {"necessity": use.necessity})

        found.append(
            (
                "tell",
                tell,
                actions.tell,
                _("Disclosure"),
                _("Keep the words"),
                _("Kept; print the paper and have it signed."),
            )
        )
        if use.told_sha256:
            found.append(
                (
                    "sign",
                    forms.SignForm,
                    actions.sign,
                    _("Written consent"),
                    _("Record the consent"),
                    _("The consent is on record; the drug may be prescribed."),
                )
            )
            found.append(
                (
                    "refuse",
                    forms.ReasonForm,
                    actions.refuse,
                    _("The patient refuses"),
                    _("Record the refusal"),
                    _("The refusal is on record."),
                )
            )
    if use.status in chart.WITHDRAW.sources and mine:
        found.append(
            ("withdraw", forms.ReasonForm, actions.withdraw, _("Withdraw the request"), _("Withdraw"), _("Withdrawn."))
        )
    return found


def _sections(use: SpecialUse, user: Any) -> list[dict]:
    state = STATE.get(S(use.status), "blocked")
    asked: list[tuple] = [
        (_("Kind of use"), use.get_kind_display()),
        (_("Patient"), patient_of(user, use.patient)),
        (_("Drug"), use.drug),
        (pgettext("of a drug", "Indication"), f"{use.indication} {use.line}".strip()),
        (_("Why it is necessary"), use.necessity),
        (_("Asked by"), f"{use.requested_by.name} {moment(use.requested_at)}"),
    ]
    if use.kind == SpecialUse.Kind.EXTENDED:
        source = f"{use.evidence_source} {use.evidence_year or ''} {use.evidence_level}".strip()
        paper = link("referrals:special_use_evidence", use.pk) if use.evidence_file_id else ""
        asked += [
            (_("Evidence"), use.evidence_title, paper, source),
            (_("Why there is no better option"), use.no_better_option),
        ]
    elif use.check_made:
        asked.append(
            (
                _("Drug check"),
                use.check_made.get_answer_display(),
                use.check_made.get_absolute_url(),
                use.check_made.why,
            )
        )
    way: list[tuple] = []
    if use.concluded_by:
        way.append((_("Discussion"), f"{use.concluded_by.name} {moment(use.concluded_at)}", "", use.conclusion))
    if use.decided_by:
        way.append(
            (_("Approval of the hospital"), f"{use.decided_by.name} {moment(use.decided_at)}", "", use.decision_note)
        )
    way += [(label, use.told[name]) for name, label in told_labels() if use.told.get(name)]
    if use.signed_by:
        signer = (
            use.signer_name
            if user.sees_identity
            else dict(forms.SignForm.base_fields["signer"].choices).get(use.signer, "")
        )
        paper = link("referrals:special_use_signed", use.pk) if user.sees_identity else ""
        way.append((_("Signed by"), str(signer), paper, f"{moment(use.signed_at)} {use.signer_reason}".strip()))
    sections: list[dict] = [{"title": use.get_status_display(), "chip": state, "rows": asked}]
    sections.append(
        {
            "title": _("Opinions"),
            "columns": [(_("Speaks for"), ""), (_("Who"), "name"), (_("Opinion"), ""), (_("Reasons"), "wrap"), (_("Given at"), "nobreak")],
            "table": [
                [one.get_side_display(), one.given_by.name, _("Agree") if one.agrees else _("Disagree"), one.note, moment(one.given_at)]
                for one in use.opinions.select_related("given_by").order_by("pk")
            ],
            "empty": _("Nobody has spoken yet."),
        }
    )  # fmt: skip
    if way:
        sections.append({"title": _("Conclusion, approval, disclosure and consent"), "rows": way})
    return sections


def told_labels() -> list[tuple[str, str]]:
    return [
        ("necessity", _("Why the drug is necessary")), ("cost", _("What it costs")),
        ("insurance", _("What insurance pays")), ("risks", _("Risks")),
    ]  # fmt: skip


@require_GET
@needs(chart.REQUEST, on=SpecialUse)
def special_use_paper(request: HttpRequest, use: SpecialUse) -> HttpResponse:
    """The disclosure and consent to print and sign, in the words that were kept."""
    from django.template.loader import render_to_string

    user: Any = request.user
    if not use.told_sha256:
        raise Http404(_("Nothing has been told yet: write the disclosure and print it first."))
    words = [(label, use.told[name]) for name, label in told_labels()]
    context = {"use": use, "words": words, "patient": patient_of(user, use.patient), "doctor": use.requested_by.name}
    html = render_to_string("referrals/papers/special_use.html", context)
    return pdf(paper_maker.make(html).content, f"special-use-{use.pk}.pdf")


def _file(request: HttpRequest, use: SpecialUse, stored: Any, page: str) -> HttpResponse:
    if stored is None:
        raise Http404(_("No such record, or not one of yours."))
    record_reading("referrals_specialuse", use.pk, page)
    return pdf(files.read(stored), f"{page}-{use.pk}.pdf")


@require_GET
@needs(drug_checks.VIEW, on=SpecialUse)
def special_use_signed(request: HttpRequest, use: SpecialUse) -> HttpResponse:
    user: Any = request.user
    if not user.sees_identity:
        raise PermissionDenied(drug_checks.VIEW)
    return _file(request, use, use.paper, "signed")


@require_GET
@needs(drug_checks.VIEW, on=SpecialUse)
def special_use_evidence(request: HttpRequest, use: SpecialUse) -> HttpResponse:
    return _file(request, use, use.evidence_file, "evidence")
