"""The signed text as A4, made from what was kept and never from the facts of a later day; and the blank form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import override

from audit import declaring
from consent import queries, strokes
from consent.models import Consent, SelfPayNotice
from consent.signing import Choices, age_of
from consent.wording import FORM_VERSION, Text
from documents import files, pdf
from documents.models import StoredFile
from referrals.identity import IdType, decrypt
from referrals.models import Identity, Referral

CHINESE = "zh-hans"


@dataclass(frozen=True)
class Person:
    """Who the patient is, put in beside the text; empty where this post may not read it."""

    name: str = ""
    sex: str = ""
    age: str = ""
    record_no: str = ""
    id_number: str = ""

    @property
    def rows(self) -> list[tuple[str, str]]:
        return [
            ("患者姓名", self.name),
            ("性别", self.sex),
            ("年龄", self.age),
            ("病案号", self.record_no),
            ("身份证件号", self.id_number),
        ]


def person(referral: Referral) -> Person:
    patient = referral.patient
    identity = Identity.objects.filter(patient=patient).first()
    age = age_of(patient, timezone.localdate(referral.requested_at))
    return Person(
        name=identity.name if identity else "",
        sex={"male": "男", "female": "女"}.get(patient.sex, "未记录"),
        age=f"{age.high}岁" if age else "未记录",
        record_no=patient.record_no,
        id_number=decrypt(identity.id_number, patient=patient.pk, column="id_number") if identity else "",
    )


@transaction.atomic
def ensure(paper: Consent | SelfPayNotice, *, by: Any) -> StoredFile:
    """The paper's PDF, made once and kept. A second call finds it."""
    locked = type(paper)._default_manager.select_for_update(of=("self",)).get(pk=paper.pk)
    if locked.pdf_id is None:
        content = signed(locked)
        number = _facts(locked)["编号"]
        upload = files.check(content, kinds=(files.PDF,), name=f"{number}.pdf")
        with declaring.step("consent.paper_made"):
            locked.pdf = files.store(upload, by=by, institution=locked.referral.institution, holds_identity=True)
            type(paper)._default_manager.filter(pk=locked.pk).update(pdf=locked.pdf)
    paper.pdf = locked.pdf
    return locked.pdf


def signed(paper: Consent | SelfPayNotice) -> bytes:
    """The bytes of a signed consent or notice: text, choices, signature as drawn, digest and anti-forgery code."""
    referral = paper.referral
    context = {
        "blank": False,
        "title": paper.content[0]["title"],
        "head": _facts(paper),
        "sections": paper.content[1:],
        "choices": _chosen(paper.choices) if isinstance(paper, Consent) else [],
        "signer": _signer(paper),
        "drawn": strokes.svg(paper.strokes, label="签名笔迹"),
        "paper": paper,
        "told_by": paper.told_by,
        "told_at": paper.disclosed_at if isinstance(paper, Consent) else paper.signed_at,
        "code": queries.anti_forgery_code(paper),
        "sha256": paper.content_sha256,
    }
    return _make(referral, context)


def blank(referral: Referral, text: Text) -> bytes:
    """The same text to be signed by hand, with its check code: a paper printed before a change is known by it."""
    context = {
        "blank": True,
        "title": text.title,
        "head": dict(text.content[0]["facts"]),
        "sections": text.content[1:],
        "germline": Choices.GERMLINE,
        "leftover": Choices.LEFTOVER,
        "sha256": text.sha256,
        "check_code": check_code(text.sha256),
    }
    return _make(referral, context)


def check_code(sha256: str) -> str:
    """Eight places by which a printed form and the text of now are known as the same."""
    return sha256[:8].upper()


def _make(referral: Referral, context: Mapping[str, Any]) -> bytes:
    with override(CHINESE):
        html = render_to_string(
            "consent/paper/paper.html",
            {**context, "referral": referral, "person": person(referral), "form_version": FORM_VERSION},
        )
    return pdf.make(html, css=CSS).content


def _facts(paper: Consent | SelfPayNotice) -> dict[str, str]:
    return dict(paper.content[0]["facts"])


def _chosen(choices: Mapping[str, Any]) -> list[tuple[str, str]]:
    with override(CHINESE):
        return [
            ("敏感个人信息单独同意", "同意" if choices.get("privacy") else "未同意"),
            ("遗传性及意外发现", str(dict(Choices.GERMLINE).get(str(choices.get("germline")), ""))),
            ("剩余标本", str(dict(Choices.LEFTOVER).get(str(choices.get("leftover")), ""))),
        ]


def _signer(paper: Consent | SelfPayNotice) -> list[tuple[str, str]]:
    # Bound to the case, which stays itself when two records of one patient are merged.
    case = paper.referral_id
    with override(CHINESE):
        rows = [("签字人", paper.get_signer_display())]
        if name := decrypt(paper.signer_name, patient=case, column="signer_name"):
            rows.append(("姓名", name))
        if paper.signer != Consent.Signer.PATIENT:
            rows += [("与患者的关系", paper.relation), ("未由本人签字的原因", paper.reason)]
        if isinstance(paper, Consent) and paper.signer_id_number:
            number = decrypt(paper.signer_id_number, patient=case, column="signer_id_number")
            rows.append((str(dict(IdType.choices).get(paper.signer_id_type, "证件")), number))
        rows.append(("签字方式", paper.get_method_display()))
        if paper.witness:
            rows.append(("见证人", f"{paper.witness.name}（工号 {paper.witness.username}）"))
    return rows


CSS = """
@page { margin: 16mm 16mm 16mm; @bottom-center { content: "第 " counter(page) " 页，共 " counter(pages) " 页" } }
html { font-family: var(--sans); font-size: 10pt; line-height: 1.55 }
h1 { font-size: 17pt; margin: 0 0 2mm }
h2 { font-size: 11.5pt; margin: 3.5mm 0 1mm; border-left: 1.2mm solid #155666; padding-left: 2mm }
p { margin: 0 0 1mm }
.org { text-align: center; margin: 0 0 1mm; color: #333 }
.numbers { display: flex; justify-content: space-between; font-size: 9pt; border-bottom: 0.5pt solid #000; padding-bottom: 1mm; margin-bottom: 2mm }
.facts { margin: 1mm 0 1.5mm } .facts th { width: 28%; text-align: left; background: #f4f6f6 }
.key td { font-size: 12pt } .facts.person th { width: 9.5% }
.warning { border: 0.8pt solid #000; padding: 1mm 2mm; margin: 1mm 0 }
.box { display: inline-block; width: 3.2mm; height: 3.2mm; border: 0.6pt solid #000; vertical-align: -0.4mm; margin-right: 1mm }
.signature { break-inside: avoid; margin-top: 5mm; border: 0.6pt solid #000; padding: 2.5mm 3mm }
.signature-drawn { display: block; width: 70mm; height: 26mm; margin: 1mm 0 }
.line { display: inline-block; border-bottom: 0.5pt solid #000; min-width: 55mm; height: 6mm }
.short { min-width: 30mm } .row { margin: 2mm 0 }
.evidence { font-size: 8pt; color: #333; margin-top: 2mm; overflow-wrap: anywhere }
"""
