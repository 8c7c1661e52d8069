"""The pages of the consent: the doctor's, the tablet's, the papers, and the panel on the case."""

from datetime import timedelta

import pypdfium2
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template import Context, Template
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from consent import actions, paper, queries, tasks
from consent.models import Consent, ConsentRefusal, Disclosure, SelfPayNotice
from documents.models import StoredFile
from referrals.identity import set_identity
from referrals.models import Referral, Status
from tests.factories import PriceFactory, staff
from tests.fixtures.consents import drawn

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(waiting):
    referral = waiting()
    set_identity(patient=referral.patient, by=referral.requester, name="欧阳某某", id_number="11010519491231002X")
    return referral


@pytest.fixture
def doctor(case, client):
    client.force_login(case.requester, backend="django.contrib.auth.backends.ModelBackend")
    return client


def at(name, case):
    return reverse(f"consent:{name}", args=[case.pk])


def shown(case):
    return queries.text_now(case, timezone.now())[0].sha256


def filled(case, **changed):
    import json

    return {
        "shown": shown(case),
        "strokes": json.dumps(drawn()),
        "signer": "patient",
        "privacy": "on",
        "germline": "know",
        "leftover": "return",
        **changed,
    }


def tell(doctor, case):
    return doctor.post(at("disclose", case), {"shown": shown(case)})


def status(case):
    return Referral.objects.get(pk=case.pk).status


def test_the_doctor_tells_then_the_patient_signs(doctor, case):
    assert "一、向患者告知" in doctor.get(at("start", case)).content.decode()
    assert doctor.get(at("sign", case)).url == at("start", case)  # not told yet
    assert tell(doctor, case).url == at("sign", case)
    page = doctor.get(at("sign", case)).content.decode()
    assert "欧阳某某" in page
    assert " checked" not in page
    assert page.count("480.00元") >= 3

    assert doctor.post(at("sign", case), filled(case)).url == at("done", case)

    assert status(case) == Status.AWAITING_CHARGE
    assert Disclosure.objects.get().told_by == case.requester
    assert "TY-" in doctor.get(at("done", case)).content.decode()


def test_an_open_question_keeps_what_was_typed_and_the_signature(doctor, case):
    tell(doctor, case)

    answer = doctor.post(at("sign", case), filled(case, privacy="", signer="relative", signer_name="乙某"))

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "近亲属签署须注明原因及关系" in page
    assert "单独同意" in page
    assert 'value="乙某"' in page
    assert "[[100, 120" in page
    assert not Consent.objects.exists()


def test_a_price_changed_between_drawing_and_signing_draws_the_text_again(doctor, case):
    tell(doctor, case)
    old = filled(case, signer="relative", signer_name="乙某", relation="女儿", reason="不宜告知", id_type="other",
                 id_number="A1234567")  # fmt: skip
    today = timezone.localdate()
    case.institution.prices.update(effective_to=today - timedelta(days=1))
    PriceFactory(
        institution=case.institution, test=case.test, amount="520.00", effective_from=today, published_on=today
    )

    answer = doctor.post(at("sign", case), old)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert f"价格已于{today.year}年{today.month}月{today.day}日调整，请重新告知并重签同意书。" in page
    assert "520.00元" in page
    assert "480.00元" not in page
    assert 'value="女儿"' in page
    assert "[[100, 120" not in page  # the old signature does not stand under the new text
    again = {**old, "shown": shown(case)}
    assert doctor.post(at("sign", case), again).status_code == 422  # not told again
    assert doctor.post(at("sign", case), {**again, "told_again": "on"}).url == at("done", case)
    assert str(Consent.objects.get().amount) == "520.00"


def test_a_second_click_records_nothing_twice(doctor, case):
    tell(doctor, case)
    form = filled(case)
    doctor.post(at("sign", case), form)

    assert doctor.post(at("sign", case), form).url == at("done", case)
    assert Consent.objects.count() == 1


def test_a_stale_page_of_another_status_is_told_so(doctor, case):
    tell(doctor, case)
    form = filled(case)
    actions.refuse(referral=case, by=case.requester)

    assert doctor.post(at("sign", case), form).status_code == 409
    assert not Consent.objects.exists()


def test_saying_no_takes_one_page(doctor, case):
    assert "我不同意" in doctor.get(at("refuse", case)).content.decode()

    assert doctor.post(at("refuse", case), {"signer": "patient"}).url == at("done", case)

    assert status(case) == Status.PATIENT_REFUSED
    assert ConsentRefusal.objects.exists()
    assert "其他诊疗不受影响" in doctor.get(at("done", case)).content.decode()


def test_the_complaints_desk_records_a_withdrawal_in_the_words_of_the_policy(doctor, case, client):
    tell(doctor, case)
    doctor.post(at("sign", case), filled(case))
    client.force_login(staff("R16", case.institution))

    assert client.get(at("start", case)).status_code == 403
    assert client.post(at("withdraw", case), {}).status_code == 422
    answer = client.post(at("withdraw", case), {"asked": "on"})

    said = [str(message) for message in answer.wsgi_request._messages]
    assert said == ["您已撤回同意，样本尚未检测的将停止检测并按规定退费；已完成的检测不受影响。"]
    assert status(case) == Status.WITHDRAWN
    assert "已完成" in client.get(at("withdraw", case)).content.decode()


def test_the_witness_proves_themselves(doctor, case):
    tell(doctor, case)
    nurse = staff("R07", case.institution, username="N001")
    nurse.set_password("ye-shu-hua-0907")
    nurse.save()
    typed = filled(case, strokes="", typed="on", witness_number="N001", witness_password="wrong")
    assert "工号与口令不符" in doctor.post(at("sign", case), typed).content.decode()

    doctor.post(at("sign", case), {**typed, "witness_password": "ye-shu-hua-0907"})

    assert Consent.objects.get().witness == nurse


def test_what_insurance_does_not_pay_is_signed_apart(doctor, case):
    case.institution.prices.update(insurance_class="自费")
    tell(doctor, case)

    assert doctor.post(at("sign", case), filled(case)).url == at("self_pay", case)
    page = doctor.get(at("self_pay", case)).content.decode()
    assert "自费医疗服务项目告知书" in page
    assert "费用由您个人承担" in page
    text = actions.self_pay_text(case, timezone.now())
    form = {"shown": text.sha256, "signer": "patient", "strokes": filled(case)["strokes"]}
    assert doctor.post(at("self_pay", case), form).url == at("done", case)
    assert doctor.post(at("self_pay", case), form).url == at("done", case)
    notice = SelfPayNotice.objects.get()
    printed = doctor.get(reverse("consent:self_pay_pdf", args=[notice.pk]))
    assert printed["Content-Type"] == "application/pdf"


def words_of(content: bytes) -> str:
    return "".join(page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(content))


def dark(content: bytes) -> int:
    """Dark pixels on the last page."""
    pages = pypdfium2.PdfDocument(content)
    image = pages[len(pages) - 1].render(scale=1.5).to_pil().convert("L")
    return sum(image.histogram()[:90])


def test_the_signed_paper_has_text_signature_and_codes(doctor, case, client):
    tell(doctor, case)
    doctor.post(at("sign", case), filled(case))
    consent = Consent.objects.get()

    answer = doctor.get(reverse("consent:pdf", args=[consent.pk]))

    content = answer.content
    written = words_of(content).replace("\r\n", "").replace("\n", "")
    for word in ["肿瘤基因检测知情同意书", "欧阳某某", "480.00元", "林岚", "想知道", queries.anti_forgery_code(consent),
                 consent.number, "防篡改校验", "0598-1234567"]:  # fmt: skip
        assert word in written, word
    assert consent.content_sha256 in written.replace("\ufffe", "")
    stored = StoredFile.objects.get()
    assert stored.holds_identity
    assert doctor.get(reverse("consent:pdf", args=[consent.pk])).content == content  # made once
    unsigned = Consent.objects.get()
    unsigned.strokes = []
    assert dark(content) > dark(paper.signed(unsigned)) + 50
    client.force_login(staff("R11", case.institution))  # sees prices, no identity
    assert client.get(reverse("consent:pdf", args=[consent.pk])).status_code in (403, 404)


def test_the_sweep_makes_the_papers_nobody_asked_for(case, sign):
    sign(case)

    assert tasks.make_papers() == 1
    assert tasks.make_papers() == 0
    assert Consent.objects.get().pdf.sha256


def scan(name="scan.pdf"):
    return SimpleUploadedFile(name, b"%PDF-1.4 a scan", content_type="application/pdf")


def test_a_paper_is_printed_signed_and_added(doctor, case):
    printed = doctor.get(at("blank", case))
    code = paper.check_code(shown(case))
    assert code in words_of(printed.content)
    tell(doctor, case)
    form = filled(case, check_code=code.lower(), signed_at=timezone.localtime().strftime("%Y-%m-%dT%H:%M:%S"))
    Disclosure.objects.update(told_at=timezone.now() - timedelta(minutes=5))

    assert doctor.post(at("paper", case), {**form, "check_code": "00000000", "scan": scan()}).status_code == 422
    answer = doctor.post(at("paper", case), {**form, "scan": scan()})

    assert answer.url == at("done", case)
    consent = Consent.objects.get()
    assert (consent.method, consent.scan.holds_identity) == ("paper", True)
    assert doctor.get(reverse("consent:scan", args=[consent.pk])).content == b"%PDF-1.4 a scan"


def panel(case, user):
    request = RequestFactory().get("/")
    request.user = user
    return Template('{% include "consent/_case_panel.html" %}').render(Context({"referral": case, "request": request}))


def test_the_panel_shows_what_holds_and_what_may_be_done(case, sign, doctor):
    assert "告知与同意" in panel(case, case.requester)
    consent = sign(case)
    mine = panel(case, case.requester)
    assert consent.number in mine
    assert "文本校验一致" in mine
    assert "signature-drawn" in mine
    assert "撤回同意" in mine
    others = panel(case, staff("R11", case.institution))
    assert "signature-drawn" not in others
    assert "撤回同意" not in others
    Consent.objects.update(content=[{"key": "head", "facts": []}])
    assert "文本与签署时不一致" in panel(case, case.requester)
