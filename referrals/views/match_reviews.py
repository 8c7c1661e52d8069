"""The doors of the monthly review of drug and result, its notice, and the monitoring export (A34, A35)."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from audit.guards import needs
from documents.files import XLSX
from documents.spreadsheets import attachment
from documents.templatetags.formats import isoday, moment
from referrals.actions import match_reviews as actions
from referrals.forms import drugs as forms
from referrals.models import MatchReview, MatchSample, MonitoringExport
from referrals.views.drug_pages import attempt, detail, listed, panel, sent
from referrals.views.drugs import ask, chip

VERDICT = {"match": "passed", "mismatch": "blocked", "no_result": "blocked", "unclear": "unknown"}


@ask
@needs(actions.REVIEW)
def match_samples(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    institution = user.post.institution
    draw = forms.DrawForm(sent(request, "draw"))
    done, refusals = attempt(
        request, draw, lambda: actions.draw(institution=institution, by=user, **draw.cleaned_data),
        _("The sample is drawn."), lambda made: made.get_absolute_url(),
    )  # fmt: skip
    export = forms.ExportForm(sent(request, "export"))
    if not done and export.is_bound and export.is_valid():
        made, content = actions.export(institution=institution, by=user, **export.cleaned_data)
        kind = XLSX if made.form == "xlsx" else "text/csv; charset=utf-8"
        header = attachment("{}-{:%Y-%m}.{}".format(_("Monitoring data"), made.month, made.form))
        return HttpResponse(content, content_type=kind, headers={"Content-Disposition": header})
    if done:
        return done
    found = MatchSample.objects.visible_to(user).select_related("drawn_by").prefetch_related("reviews")

    def row(one: MatchSample) -> list:
        items = one.reviews.all()
        read = sum(1 for item in items if item.verdict)
        state = chip("passed", _("published")) if one.published_at else chip("waiting", _("under review"))
        return [
            {"text": f"{one.month:%Y-%m}", "url": one.get_absolute_url()}, one.population, len(items), read, one.seed,
            f"{one.drawn_by.name} {moment(one.drawn_at)}", state,
        ]  # fmt: skip

    columns = [
        (_("Month"), "nobreak"), (_("Prescriptions"), "num"), (_("In the sample"), "num"), (_("Reviewed"), "num"),
        (_("Seed of the draw"), ""), (_("Drawn by"), ""), (_("Notice"), ""),
    ]  # fmt: skip
    exports = MonitoringExport.objects.visible_to(user).select_related("made_by")[:5]
    last = "；".join(
        f"{one.month:%Y-%m} {one.form.upper()} {one.made_by.name} {moment(one.made_at)}" for one in exports
    )
    panels = [
        panel(draw, _("Draw a month's sample"), _("Draw"), do="draw") if user.may(actions.DRAW) else {},
        panel(
            export, _("Monitoring data set"), _("Export"), do="export",
            lead=_("Only what the monitoring asks for: no name, no record number, no doctor. Each download is recorded.")
            + (_(" Last downloads: %(last)s") % {"last": last} if last else ""),
        ) if user.may(actions.EXPORT) else {},
    ]  # fmt: skip
    return listed(
        request, found, "drawn_at", row, here="referrals:match_samples", title=_("Review of drug and result"),
        subtitle=_("A sample of each month's targeted drugs, read by another than the prescriber; the outcome is published (A34)."),
        columns=columns, panels=panels, refusals=refusals,
    )  # fmt: skip


@ask
@needs(actions.REVIEW, on=MatchSample)
def match_sample(request: HttpRequest, sample: MatchSample) -> HttpResponse:
    user: Any = request.user
    items = list(
        sample.reviews.select_related(
            "prescription__check_made", "prescription__referral__patient", "prescription__prescribed_by", "reviewed_by"
        ).order_by("pk")
    )
    waiting = [one for one in items if not one.verdict and one.prescription.prescribed_by_id != user.pk]
    data = sent(request, "review")
    form = forms.MatchForm(data, initial={"item": waiting[0].pk if waiting else None})
    done, refusals = attempt(
        request, form, lambda: actions.review(item=_item(items, form), verdict=form.cleaned_data["verdict"], note=form.cleaned_data["note"], by=user),
        _("Recorded."), request.path,
    )  # fmt: skip
    if not done and request.POST.get("do") == "publish":
        confirm = forms.MatchForm({"item": "0", "verdict": "match"})
        done, refusals = attempt(
            request,
            confirm,
            lambda: actions.publish(sample=sample, by=user),
            _("The notice is published."),
            request.path,
        )
    if done:
        return done
    shown = next((one for one in items if str(one.pk) == str(form["item"].value())), None)
    panels = []
    if shown and not sample.published_at:
        panels.append(
            panel(
                form,
                _("Review number %(n)s") % {"n": items.index(shown) + 1},
                _("Record the verdict"),
                do="review",
                lead=_about(shown),
            )
        )
    if not sample.published_at and user.may(actions.PUBLISH) and all(one.verdict for one in items):
        panels.append(panel(_Nothing(), _("Notice"), _("Publish the outcome"), do="publish"))
    sections = [
        {
            "title": f"{sample.month:%Y-%m}",
            "rows": [(_("Prescriptions"), sample.population), (_("In the sample"), len(items)), (_("Seed of the draw"), sample.seed)],
        },
        {
            "title": _("Sample"),
            "columns": [
                ("", "num"), (_("Drug"), ""), (_("Indication and line"), "wrap"), (_("Answer of the drug rules"), ""),
                (_("Result"), "wrap"), (_("Verdict"), ""), (_("Remark"), "wrap"), (_("Reviewed by"), "name"),
            ],
            "table": [_row(number, one) for number, one in enumerate(items, start=1)],
            "empty": "",
        },
    ]  # fmt: skip
    if sample.published_at:
        sections.insert(0, _notice(sample))
    return detail(
        request,
        title=_("Review of %(month)s") % {"month": f"{sample.month:%Y-%m}"},
        here="referrals:match_samples",
        sections=sections,
        panels=panels,
        refusals=refusals,
    )


class _Nothing(forms.forms.Form):
    """The button is the answer."""


def _item(items: list[MatchReview], form: Any) -> MatchReview:
    found = next((one for one in items if one.pk == form.cleaned_data["item"]), None)
    if found is None:
        raise Http404(_("No such record, or not one of yours."))
    return found


def _about(item: MatchReview) -> str:
    order = item.prescription
    check = order.check_made
    found = "；".join(f"{one['found']}（{one['reported_on']} {one['report']}）" for one in check.used) if check else ""
    return f"{order.drug}　{order.indication} {order.line}：{found or (check.why if check else '—')}"


def _row(number: int, one: MatchReview) -> list:
    order, check = one.prescription, one.prescription.check_made
    result = "；".join(used["found"] for used in check.used) if check else ""
    verdict: Any = (
        chip(VERDICT[one.verdict], one.get_verdict_display()) if one.verdict else chip("waiting", _("awaits review"))
    )
    return [
        number, order.drug, f"{order.indication} {order.line}".strip(), check.get_answer_display() if check else "", result,
        verdict, one.note, one.reviewed_by.name if one.reviewed_by else "",
    ]  # fmt: skip


def _notice(sample: MatchSample) -> dict:
    said = sample.notice
    labels = dict(MatchReview.Verdict.choices)
    sampled, matched = said["sampled"], said["verdicts"]["match"]
    rate = f"{matched}/{sampled} = {matched / sampled:.1%}" if sampled else "—"
    rows: list[tuple] = [(_("Drug and result match"), rate)]
    rows += [(labels[name], n) for name, n in said["verdicts"].items() if name != "match"]
    rows += [(one["drug"], f"{one['matched']}/{one['sampled']}") for one in said["drugs"]]
    if said["others"]:
        rows.append((_("Drugs with fewer than 5 cases, together"), said["others"]))
    by = f"{sample.published_by.name} {moment(sample.published_at)}" if sample.published_by else ""
    return {
        "title": _("Notice"),
        "lead": _("Published %(who)s; it names no patient and no doctor.") % {"who": by},
        "rows": rows,
    }


@require_GET
@needs("catalog.view_catalog")
def match_notices(request: HttpRequest) -> HttpResponse:
    """The notices of the months, for everybody in the hospital."""
    user: Any = request.user
    found = MatchSample.objects.visible_to(user).filter(published_at__isnull=False).select_related("published_by")[:12]
    sections = [{**_notice(one), "title": f"{one.month:%Y-%m}　{isoday(one.published_at)}"} for one in found]
    if not sections:
        sections = [{"title": _("Notice"), "lead": _("No notice has been published yet.")}]
    return detail(request, title=_("Notices on drug and result"), here="referrals:match_samples", sections=sections)
