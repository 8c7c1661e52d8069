"""Random people take random acts, in turn and out of turn, on a handful of cases while the world changes under them;
after every act the tables are asked whether the policy still holds (`tests/chart/truths.py`).

The acts are the application's own (`tests/chart/acts.py`), on real PostgreSQL, as the doors call them: declared, inside
the walls of the person's post, with the refusal caught inside the transaction, so that an act which leaves half of
itself behind is found. `--hypothesis-profile=long` walks through the night; see CONTRIBUTING.md.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from accounts.models import User
from audit import declaring
from audit.gates import GATES, Refused
from audit.steps import STEPS
from referrals.actions import requests
from referrals.models import Referral
from referrals.models.referral import ENDED
from tests import factories as f
from tests.chart.acts import DEEDS, SLIPS, Deed, Given, NothingThere, in_turn
from tests.chart.truths import Truths, events_after, keys_hold, last_event, stale_after_sweep
from tests.chart.world import BEGIN, CHANGES, KINDS, PAPER, Worker, World, known

AT_MOST = 7
# Of the profile's examples: each walks many steps.
SHARE = 8
DOOR = "door"
OF_DELIBERATIONS = ("give_opinion", "conclude_discussion", "conclude_mdt", "call_off")
REFUSALS = (Refused, PermissionDenied, ValidationError, ObjectDoesNotExist)

NUMBER = st.integers(0, 9)
ANYBODY = st.integers(0, 40)
SLIP = st.sampled_from(("",) * 6 + SLIPS)


class Chart(RuleBasedStateMachine):
    """The cases of one hospital. `world` and `truths` are made once by the test; every run begins with them anew."""

    world: World
    truths: Truths

    def __init__(self) -> None:
        super().__init__()
        self.run = transaction.atomic()
        self.run.__enter__()
        self.clock = time_machine.travel(BEGIN, tick=False)
        self.time = self.clock.__enter__()
        self.world.lent = []
        self.cases: list[int] = []
        self.pages: dict[int, Referral] = {}
        self.ended: dict[int, str] = {}

    def teardown(self) -> None:
        self.clock.__exit__(None, None, None)
        transaction.set_rollback(True)
        self.run.__exit__(None, None, None)

    # What happens

    @initialize(cases=st.lists(st.tuples(st.sampled_from(sorted(KINDS)), st.integers(0, 20)), min_size=2, max_size=3))
    def a_morning(self, cases: list[tuple[str, int]]) -> None:
        """A few cases, each some way along already."""
        for kind, ahead in cases:
            assert self.submit(kind, self.of_role("R01", 0)) == "taken"
            self.the_case_goes_on_from_here(len(self.cases) - 1, ahead)

    @precondition(lambda self: len(self.cases) < AT_MOST)
    @rule(kind=st.sampled_from(sorted(KINDS)), who=ANYBODY, chosen=NUMBER, late=NUMBER)
    def somebody_requests(self, kind: str, who: int, chosen: int, late: int) -> None:
        worker = self.of_role("R01", who) if who < 30 else self.anybody(who)
        self.submit(kind, worker, laboratory_chosen=chosen == 9, late=late == 9)

    @rule(case=NUMBER, times=st.integers(2, 12), who=NUMBER, choice=NUMBER)
    def the_case_goes_on(self, case: int, times: int, who: int, choice: int) -> None:
        """The next acts of the chart, by people whose post they are."""
        self.the_case_goes_on_from_here(case, times, who, choice)

    @rule(case=NUMBER, other=NUMBER, who=NUMBER, slip=st.sampled_from(SLIPS), choice=NUMBER)
    def somebody_slips(self, case: int, other: int, who: int, slip: str, choice: int) -> None:
        """The act that is due, by the right post, with something wrong in it."""
        referral = self.case(case)
        if name := in_turn(referral):
            deed = DEEDS[name]
            self.act(deed, self.right(deed, referral, who), referral, slip, self.case(other), choice)

    @rule(deed=st.sampled_from(sorted(DEEDS)), case=NUMBER, other=NUMBER, who=ANYBODY, slip=SLIP, choice=NUMBER)
    def somebody_does_anything(self, deed: str, case: int, other: int, who: int, slip: str, choice: int) -> None:
        """Any act on any case, in or out of turn; two times in three by the right post."""
        referral = self.case(case)
        right = who < 26
        worker = self.right(DEEDS[deed], referral, who) if right else self.anybody(who)
        self.act(DEEDS[deed], worker, referral, slip, self.case(other), choice)

    @rule(case=NUMBER, times=st.integers(2, 6))
    def one_person_does_it_all(self, case: int, times: int) -> None:
        """Whoever holds many posts tries one act of the case after another (X14)."""
        for _n in range(times):
            referral = self.case(case)
            name = in_turn(referral)
            posts = [one for one in self.world.many_posts if name and one.role in DEEDS[name].roles]
            if not name:
                return
            said = self.act(DEEDS[name], posts[-1], referral) if posts else "refused"
            if said == "refused":
                self.act(DEEDS[name], self.right(DEEDS[name], referral, 0), referral)

    @rule(case=NUMBER)
    def the_price_changes_under_it(self, case: int) -> None:
        """A consent at yesterday's price, and nobody has swept: the next acts have to see it themselves."""
        test = self.case(case).test_id
        self.world.change("price_changes", [one.pk for one in self.world.tests].index(test))
        self.time_passes(24)
        self.the_case_goes_on_from_here(case, 2)

    @rule(case=NUMBER, who=NUMBER, how=st.sampled_from(("withdraw", "cancel", "void", "refuse_consent", "disapprove")))
    def it_is_given_up(self, case: int, who: int, how: str) -> None:
        """And what was due before is tried all the same."""
        referral = self.case(case)
        due = in_turn(referral)
        self.act(DEEDS[how], self.right(DEEDS[how], referral, who), referral)
        if due:
            self.act(DEEDS[due], self.right(DEEDS[due], referral, 0), self.case(case))

    @rule(case=NUMBER, who=ANYBODY)
    def the_wrong_post_tries(self, case: int, who: int) -> None:
        referral = self.case(case)
        if name := in_turn(referral):
            self.act(DEEDS[name], self.anybody(who), referral)

    @rule(what=st.sampled_from(CHANGES), which=NUMBER)
    def the_world_changes(self, what: str, which: int) -> None:
        self.world.change(what, which)
        keys_hold()
        self.look()
        if what == "sweep":
            assert not stale_after_sweep()

    @rule(hours=st.sampled_from((0.02, 1, 5, 24, 80)))
    def time_passes(self, hours: float) -> None:
        self.time.shift(timedelta(hours=hours))

    # Who and what

    def the_case_goes_on_from_here(self, case: int, times: int, who: int = 0, choice: int = 0) -> None:
        for n in range(times):
            referral = self.case(case)
            if not (name := in_turn(referral)):
                return
            deed = DEEDS[name]
            # Later acts take the main way, so that a walk gets far.
            self.act(deed, self.right(deed, referral, who + n), referral, choice=choice if n == 0 else 0)

    def case(self, number: int) -> Referral:
        return known(Referral(pk=self.cases[number % len(self.cases)]))

    def everybody(self) -> list[Worker]:
        return [*self.world.workers, *self.world.strangers, *self.world.lent]

    def anybody(self, who: int) -> Worker:
        people = self.everybody()
        return people[who % len(people)]

    def of_role(self, role: str, who: int) -> Worker:
        people = [one for one in self.world.workers if one.role == role]
        return people[who % len(people)]

    def right(self, deed: Deed, case: Referral, who: int) -> Worker:
        people = [one for one in (*self.world.workers, *self.world.lent) if one.role in deed.roles]
        own = [one for one in people if one.user == case.requester_id and one.role == "R01"]
        if deed.name == "give_opinion" and (held := case.deliberations.order_by("-pk").first()):
            spoken = set(held.opinions.values_list("member_id", flat=True))
            roles = ("R04",) if held.kind == "mdt" else ("R01", "R02")
            people = [one for one in people if one.role in roles and one.user not in spoken] or people
        if deed.name.startswith("conclude") and (held := case.deliberations.order_by("-pk").first()):
            spoken = set(held.opinions.values_list("member_id", flat=True))
            people = [one for one in people if one.user in spoken] or people
        # A doctor's page shows their own cases only; where the doctor acts, it is mostly the one who requested.
        if own and "R01" in deed.roles and deed.name not in ("give_opinion", "conclude_discussion") and who % 5 < 4:
            return own[0]
        return people[who % len(people)]

    # One act, and what is asked of it

    def submit(self, kind: str, worker: Worker, *, laboratory_chosen: bool = False, late: bool = False) -> str:
        wanted = KINDS[kind]
        line = f.indication(wanted["line"])
        research = wanted.get("research", False)
        patient = f.PatientFactory(institution=self.world.hospital)

        def do(by: User) -> None:
            made = requests.submit(
                by=by, patient=patient, diagnosis_code=wanted["diagnosis"], indication=line, necessity="定一线用药",
                nature="research" if research else "clinical", study=self.world.study if research else None,
                first_visit=wanted["first_visit"], first_visit_reason="外院已由MDT讨论", evidence=[PAPER],
                laboratory_chosen=laboratory_chosen,
                paper_at=timezone.now() - timedelta(days=2) if late else None,
            )  # fmt: skip
            self.cases.append(made.pk)

        before = len(self.cases)
        said = self.taken_or_refused(do, worker, ("request.submitted",))
        assert said == "taken" or len(self.cases) == before
        if said == "taken":
            assert not laboratory_chosen
            assert worker.role == "R01"
        return said

    def act(
        self, deed: Deed, worker: Worker, case: Referral, slip: str = "", other: Referral | None = None, choice: int = 0
    ) -> str:
        other = other if other and other.pk != case.pk else None
        shown = self.pages.get(case.pk, case) if slip == "old_page" else case
        self.pages[case.pk] = case
        nothing_to_do = []

        def do(by: User) -> None:
            # The doors' guard: what is not in one's sight is not there. A deliberation is looked up by itself.
            for one in (
                () if deed.name in OF_DELIBERATIONS else (case, other) if other and deed.name == "pack" else (case,)
            ):
                Referral.objects.visible_to(by).get(pk=one.pk)
            if deed.do(Given(shown, by, slip, other, choice)) is False:
                nothing_to_do.append(True)

        said = self.taken_or_refused(do, worker, deed.steps, nothing_to_do)
        if said == "taken":
            assert worker not in self.world.strangers, "somebody of another hospital acted on this case"
            assert worker.role in deed.roles, f"{deed.name} by {worker.role}"
            wrong_label = slip == "label" and other is not None and deed.name in ("collect", "record_result")
            assert not (wrong_label and deed.name == "collect"), "another case's label was taken"
            assert slip != "future" or Given(shown, None, slip).at is None or deed.name not in (
                "disclose", "sign", "sign_self_pay", "collect", "assess", "receive", "reject", "record_result", "tell",
            ), f"{deed.name} in the future"  # fmt: skip
            if wrong_label and other.specimens.exists():
                raise AssertionError("a report of another case's specimen was taken in")
        return said

    def taken_or_refused(
        self, do: Any, worker: Worker, steps: tuple[str, ...], nothing_to_do: list | None = None
    ) -> str:
        """Take the act as a door does, and hold it to what every act owes."""
        self.time.shift(timedelta(minutes=1))
        statuses, rows, number = self.statuses(), self.truths.digest(), last_event()
        by = worker()
        institutions = by.institution_ids
        refused: Any = None
        with declaring.acting(
            by, step=DOOR, post=by.post.pk if by.post else None, institutions=institutions,
            identity=institutions if by.sees_identity else (),
        ):  # fmt: skip
            try:
                do(by)
            except (*REFUSALS, NothingThere) as said:
                refused = said
        keys_hold()
        events = events_after(number)
        if refused is not None:
            self.says_why(refused)
            now = self.truths.digest()
            assert now == rows, f"refused, and yet changed: {[one for one in now if now[one] != rows.get(one)]}"
            assert not events
            return "refused"
        self.look()
        if nothing_to_do:
            assert self.statuses() == statuses
            return "nothing"
        mine = [one for one in events if one[0] == worker.user and one[1]]
        assert mine == events, "somebody else wrote, or nobody was declared"
        assert any(step in steps for _who, _declared, step, *_rest in mine), f"none of {steps} is on the trail"
        self.moved_along_arrows(statuses, events)
        return "taken"

    def says_why(self, refused: Any) -> None:
        if isinstance(refused, Refused):
            assert refused.refusals
            for one in refused.refusals:
                assert one.code
                assert str(one.message).strip()
                assert "%(" not in str(one.message)
                # X14 and X13 rest on no clause of the two documents.
                assert one.clauses or not (one.code in GATES and GATES[one.code].clauses), f"{one.code}: no clause"
        elif isinstance(refused, ValidationError):
            assert any(message.strip() for message in refused.messages)

    def statuses(self) -> dict[int, str]:
        return dict(Referral.objects.filter(pk__in=self.cases).values_list("pk", "status"))

    def moved_along_arrows(self, before: dict[int, str], events: list[tuple]) -> None:
        """Every change of a status is on the trail as an arrow of the chart, and the table says the same."""
        for _actor, _declared, step, table, row, op, payload in events:
            if table != "referrals_referral" or op != "U" or "status" not in (changed := json.loads(payload)):
                continue
            start, end = changed["status"]
            assert before.get(int(row), "draft") == start
            assert start in STEPS[step].sources, f"{step} from {start}"
            assert end == STEPS[step].target
            before[int(row)] = end
        now = self.statuses()
        assert {pk: status for pk, status in before.items() if pk in now} == {pk: now[pk] for pk in before if pk in now}

    def look(self) -> None:
        """The truths, and that what has ended has stayed."""
        assert self.truths.broken() == []
        now = self.statuses()
        for pk, status in self.ended.items():
            assert now[pk] == status, "what had ended moved"
        self.ended |= {pk: status for pk, status in now.items() if status in ENDED}


@pytest.mark.slow
def test_no_walk_through_the_chart_breaks_the_policy(as_machine):
    Chart.world, Chart.truths = World(), Truths()
    profile = settings.default
    run_state_machine_as_test(
        Chart,
        settings=settings(
            profile, max_examples=max(profile.max_examples // SHARE, 1), deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
