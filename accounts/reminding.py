"""Reminders of what falls due: a line under the bell and an e-mail, on working days, once for each lead.

Any room says what falls due in it. In its `ready()`:

    from accounts import reminding

    reminding.register("vendors.credential", _("Laboratory credentials"), credentials_due, leads=(90, 30, 7))

    def credentials_due(until: date) -> Iterable[reminding.Due]:
        \"\"\"What falls due up to that day, and whatever is overdue and still stands undone.\"\"\"
        for one in Credential.objects.standing().filter(valid_to__lte=until):
            yield reminding.Due(
                subject=f"credential:{one.pk}",            # the same thing, every time it is asked
                on=one.valid_to,
                text=_("…"),                                # one sentence, without a patient's name
                people=holders(one.institution_id, "vendors.keep_credentials"),   # accounts.queries
                url=one.get_absolute_url(),
            )

The provider is asked for what lies within the longest lead; what is done it leaves out. A new day for the same subject
(a renewed certificate) begins anew. Leads are days, or working days with `in_working_days`; a lead that falls on a day
off is told on the next working day. Overdue, a person is told on the first day and then once a week.
"""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts import notices
from accounts.models import Reminder, User
from policy import calendar

log = logging.getLogger(__name__)
# After a failed try the next comes so much later; after the last none.
BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (15, 60, 240, 1440))
AGAIN = 7  # days, overdue


@dataclass(frozen=True)
class Due:
    """One thing that falls due: `subject` tells it from every other of its kind."""

    subject: str
    on: date
    text: Any
    people: Iterable[User]
    url: str = ""


Provider = Callable[[date], Iterable[Due]]


@dataclass(frozen=True)
class Kind:
    code: str
    label: Any
    provider: Provider
    leads: tuple[int, ...]
    in_working_days: bool


KINDS: dict[str, Kind] = {}


def register(
    code: str, label: Any, provider: Provider, *, leads: Iterable[int] = (30, 7), in_working_days: bool = False
) -> None:
    """A kind of thing people are reminded of, so many days before; the day itself is always among them."""
    KINDS[code] = Kind(code, label, provider, tuple(sorted({0, *leads})), in_working_days)


def lead_of(kind: Kind, left: int) -> int | None:
    """The lead that so many days left belong to: the smallest not passed. None while it is too early."""
    if left < 0:
        return -1 - AGAIN * ((-left - 1) // AGAIN)
    return next((lead for lead in kind.leads if left <= lead), None)


def is_time(now: datetime) -> bool:
    """People are reminded on working days, within the hours of the hospital's offices."""
    here = timezone.localtime(now)
    return settings.REMIND_FROM <= here.hour < settings.REMIND_UNTIL and calendar.load().is_working(here.date())


def remind(now: datetime | None = None) -> int:
    """Write down every reminder whose time has come and tell the people; how many. A second run finds nothing.

    A provider that fails keeps nobody else's from going.
    """
    now = now or timezone.now()
    if not is_time(now):
        return 0
    made = 0
    for kind in KINDS.values():
        try:
            with transaction.atomic(), translation.override(settings.LANGUAGE_CODE):
                made += _remind_of(kind, now)
        except Exception:
            log.exception("reminders of %s could not be made", kind.code)
    return made


def _remind_of(kind: Kind, now: datetime) -> int:
    today, days = timezone.localdate(now), calendar.load()
    longest = kind.leads[-1]
    until = days.after(today, longest) if kind.in_working_days else today + timedelta(days=longest)
    made = 0
    for due in kind.provider(until):
        left = (due.on - today).days
        if kind.in_working_days and left > 0:
            left = days.between(today, due.on)
        if (lead := lead_of(kind, left)) is None:
            continue
        for user in due.people:
            made += _remind_one(kind, due, lead, user, now)
    return made


def _remind_one(kind: Kind, due: Due, lead: int, user: User, now: datetime) -> bool:
    if user.is_machine or not user.is_active:
        return False
    email = user.email if settings.EMAIL_HOST else ""
    text = str(due.text)[:300]
    _reminder, is_new = Reminder.objects.get_or_create(
        user=user,
        kind=kind.code,
        subject=due.subject[:80],
        due_on=due.on,
        lead=lead,
        defaults={
            "text": text, "url": due.url[:200], "email": email, "made_at": now, "try_at": now if email else None,
        },
    )  # fmt: skip
    if is_new:
        notices.tell(user, text, due.url)
    return is_new


def send_next(now: datetime | None = None) -> bool:
    """One person's waiting reminders, in one e-mail. False when none waits or it is not the time.

    The try is written down before the post is handed over, so that a worker that dies sends at most once more.
    """
    now = now or timezone.now()
    if not (settings.EMAIL_HOST and is_time(now)):
        return False
    with transaction.atomic():
        waiting = Reminder.objects.to_send(now).select_for_update(skip_locked=True)
        first = waiting.order_by("pk").first()
        if first is None:
            return False
        mine = list(waiting.filter(user_id=first.user_id, email=first.email).order_by("due_on", "pk"))
        tries = max(one.tries for one in mine)
        again = now + BACKOFF[tries] if tries < len(BACKOFF) else None
        keys = [one.pk for one in mine]
        Reminder.objects.filter(pk__in=keys).update(tries=tries + 1, try_at=again)
    try:
        letter(mine).send()
    except (OSError, smtplib.SMTPException, ValueError) as fault:
        log.warning("an e-mail with %d reminders did not go: %s", len(mine), type(fault).__name__)
        Reminder.objects.filter(pk__in=keys).update(failure=f"{type(fault).__name__}: {fault}"[:200])
    else:
        Reminder.objects.filter(pk__in=keys).update(sent_at=now, try_at=None, failure="")
    return True


def letter(reminders: list[Reminder]) -> EmailMessage:
    """The e-mail: each reminder with its page. Its number is the same at each try, so that post twice given is one."""
    with translation.override(settings.LANGUAGE_CODE):
        first = reminders[0]
        lines = [_("%(name)s, this falls due:") % {"name": first.user.name}, ""]
        for one in reminders:
            lines.append(f"· {one.text}（{one.due_on:%Y-%m-%d}）")
            if one.url:
                lines.append(f"  {settings.PUBLIC_URL}{one.url}")
        lines += ["", _("Sent by Mingjian on a working day. The worklists there hold everything that waits.")]
        count = len(reminders)
        subject = first.text[:60] if count == 1 else _("%(n)s reminders are due") % {"n": count}
        domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip(" >") or "localhost"
        number = f"<reminder-{first.pk}-{reminders[-1].pk}-{count}@{domain}>"
        return EmailMessage(
            _("Mingjian reminder: %(subject)s") % {"subject": subject},
            "\n".join(lines),
            settings.DEFAULT_FROM_EMAIL,
            [first.email],
            headers={"Message-ID": number, "Auto-Submitted": "auto-generated"},
            connection=get_connection(timeout=settings.EMAIL_TIMEOUT),
        )
