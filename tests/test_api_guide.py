"""The guide for those who connect another system: every example in it is sent as it stands."""

import json
import re
import shlex
from pathlib import Path

from django.conf import settings

from referrals.models import Referral
from tests.fixtures.api import secret_for

GUIDE = Path(settings.BASE_DIR) / "docs" / "integration.md"


def examples():
    """(expected status, words of the command) of every curl in the guide, in order."""
    for block in re.findall(r"```bash\n(.*?)```", GUIDE.read_text(), flags=re.S):
        for status, command in re.findall(r"# (\d{3})\n(curl .*?)(?=\n# \d{3}\n|\Z)", block, flags=re.S):
            yield int(status), shlex.split(command.replace("\\\n", " "))


def send(client, words, secret):
    method, body, headers, address = "get", None, {}, ""
    rest = iter(words[1:])
    for word in rest:
        if word == "-X":
            method = next(rest).lower()
        elif word == "-H":
            name, value = next(rest).replace("$TOKEN", secret).split(": ", 1)
            headers[name] = value
        elif word == "-d":
            body = json.loads(next(rest))
        else:
            address = word.replace("$BASE", "/api/v1")
    if method == "post":
        return client.post(address, body, content_type=headers.pop("Content-Type"), headers=headers)
    return client.get(address, headers=headers)


def test_every_example_of_the_guide_answers_as_it_says(hospital, client):
    case = hospital.at("awaiting_charge")
    Referral.objects.filter(pk=case.pk).update(number="JC01202603020001")
    secret = secret_for(
        hospital.cashier,
        "referrals.record_patient",
        "referrals.record_charge",
        "referrals.import_charges",
        "referrals.view_referral",
    )
    sent = 0
    for status, words in examples():
        answer = send(client, words, secret)
        assert answer.status_code == status, (words, answer.content.decode())
        sent += 1

    assert sent >= 7
    assert case.charges.get().reversal_no == "TF0000012"


def test_the_guide_names_every_step():
    from referrals.api.register import DOINGS

    text = GUIDE.read_text()

    assert [name for name in DOINGS if f"`{name}`" not in text] == []
