"""Help beside each form, as data: what the form is for, what to mind, and the clause it stands on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Text:
    title: Any
    lines: tuple
    clauses: tuple[str, ...] = ()
    page: str = ""
    more: Any = ""

    @property
    def url(self) -> str:
        try:
            return reverse(self.page) if self.page else ""
        except NoReverseMatch:
            return ""


TEXTS: dict[str, Text] = {
    "request": Text(
        _("Requesting a test"),
        (
            _("Type the record number or ID number; a new patient's fields open by themselves."),
            _("Choose the test from the catalog: by gene, tumour, drug or pinyin initials. What is not listed cannot be "
              "submitted; the red sentence says what to do."),
            _("Say what the result will change for this patient. It is read by the MDT and shown to the patient."),
            _("There is no laboratory to choose: the system allocates it from catalog, contract and capacity."),
            _("What you type is kept as a draft by itself. You may close the page and go on later."),
        ),
        ("B2", "B3", "A29"), "desk:downtime", _("When the system was down: blank forms and later entry"),
    ),
    "deliberation": Text(
        _("Giving an opinion"),
        (
            _("Give your own opinion on risk, cost and evidence first; the others' show afterwards."),
            _("The quorum counts disciplines, not heads; remote seats count."),
            _("The chair concludes; who requested the test neither chairs nor concludes."),
        ),
        ("B5", "A22"),
    ),
    "mdt": Text(
        _("Calling an MDT"),
        (
            _("The team for this disease is suggested; it needs its quorum of disciplines, with pathology."),
            _("Members find the case under their deliberations and get a notice."),
        ),
        ("B5",),
    ),
    "consent": Text(
        _("Telling and consenting"),
        (
            _("The text follows from the test, the laboratory and today's published price; nothing is typed into it."),
            _("The patient signs. A relative signs only with the reason and the relation; a guardian likewise."),
            _("Refusing is as easy as signing and changes nothing else in the treatment."),
            _("Another laboratory, price or test lapses the consent: it is told and signed anew."),
        ),
        ("A10", "A11", "B15", "B17"),
    ),
    "approval": Text(
        _("Approving outsourcing"),
        (
            _("Look at consent, contract, credentials and the statement of not outsourcing: each is a chip above."),
            _("Who requested the test, chaired its MDT or charges it cannot approve it."),
        ),
        ("A25", "B8"),
    ),
    "charge": Text(
        _("Entering the fee"),
        (
            _("The amount is the published price of the day, the one the patient consented to; it is not typed."),
            _("Enter the hospital's own number: receipt, inpatient account, approved arrears or green channel."),
            _("One settlement number serves one case; where HIS settled several items at once, enter the line of each."),
            _("Arrears and the green channel appear here only after medical affairs or the management approved them."),
            _("A research test is never charged."),
        ),
        ("A28", "B13", "B14"),
    ),
    "specimen": Text(
        _("Taking the specimen"),
        (
            _("Print the label first, then scan it: another case's label is refused."),
            _("Pathology looks at the share of tumour cells; below the test's minimum it is taken again."),
        ),
        ("A11", "B17"),
    ),
    "shipment": Text(
        _("Handing over to the laboratory"),
        (
            _("Pack specimens for one laboratory into one batch, print the manifest, have the carrier sign."),
            _("The manifest bears no ID number, phone or address."),
            _("Without consent, fee and a contract in force nothing leaves."),
        ),
        ("A26", "B9", "B10", "B11"),
    ),
    "result": Text(
        _("Taking in the report"),
        (
            _("Scan the barcode the report names: a report of another specimen is refused."),
            _("A mistyped entry is corrected; a report the laboratory changed comes in as a corrected report."),
            _("Who entered the report does not review it."),
        ),
        ("A27", "B12"),
    ),
    "telling": Text(
        _("Telling the patient the result"),
        (
            _("Tell what was found, what was not found, and what it means for the treatment, in plain words."),
            _("A finding that may run in the family is told as the patient chose in the consent, with counselling."),
            _("Afterwards the record can be filed."),
        ),
        ("A10", "A27"),
    ),
    "drug": Text(
        _("Ordering a targeted drug"),
        (
            _("Type the drug's generic name and what it is for; the rules of drug and target are looked up."),
            _("Where the label asks for a target, this case's reviewed report has to show it. A research report does not "
              "count."),
        ),
        ("A31",),
    ),
    "ending": Text(
        _("Ending a case"),
        (
            _("A fee that was charged is refunded first."),
            _("The case and its history stay in view, with the reason. It cannot be opened again: a new request is made."),
        ),
    ),
    "asked_back": Text(
        _("What the MDT asked for"),
        (
            _("What you change stays in view beside what stood before."),
            _("The case then goes to the MDT again, or past the same rules as a new request."),
        ),
        ("B5",),
    ),
    "filing": Text(
        _("Filing the record"),
        (
            _("Consent, order and result all stand in the patient's record; one missing and the case stays open."),
        ),
        ("A27", "B12"),
    ),
    "catalog_edition": Text(
        _("Making an edition"),
        (
            _("Begin from the edition in force or from the starter library, and tick the tumours the hospital mainly treats."),
            _("Each row added, changed or taken out asks for the reason; former and new values are kept."),
            _("Name at least three experts and open the review. They comment, confirm rows and sign; objections are "
              "resolved one by one."),
            _("Another colleague of medical affairs checks, the vice-president approves and says from which day."),
            _("From that day new requests go by the new edition; cases submitted before go on by theirs."),
        ),
        ("A40", "B2", "B3"),
    ),
    "catalog_row": Text(
        _("A row of the catalog"),
        (
            _("Write the source as it is printed: name, issuer, year, document number. Levels stay in their own system."),
            _("What you could not check in the original stays marked 待核; it is shown as such everywhere."),
            _("A changed row is 待复核 until an expert of the group has read it against its source."),
        ),
        ("B2",),
    ),
    "catalog_review": Text(
        _("Reviewing as an expert"),
        (
            _("Open a row and read it against its source; Enter confirms it and goes on to the next."),
            _("A remark is taken note of; an objection has to be resolved before the edition goes on."),
            _("Your own objection is decided on by somebody else; you may withdraw it."),
            _("At the end you sign the whole. A later change of a row asks for your signature again."),
        ),
        ("B3",),
    ),
    "catalog_sheet": Text(
        _("A sheet for the draft"),
        (
            _("The county's list with its fifteen columns, the detailed sheet of the XLSX export, or the starter's file."),
            _("Rows with a code of the draft change that row; others are added. Rows the sheet does not name stay."),
            _("Everything wrong is shown by row. Nothing is changed until you confirm on the next page."),
            _("A sheet confirms no row: what it brings is 待复核 until an expert has read it."),
        ),
        ("A40", "B3"),
    ),
    "correction": Text(
        _("Correcting a mistake"),
        (
            _("An ordinary mistake is corrected, not voided. The old value stays in view, with reason, person and time."),
            _("A name or ID number is shown masked; the trail keeps what stood only as a digest."),
            _("When a correction makes it a first visit before the fee, the case goes back to the MDT and the consent "
              "lapses."),
            _("Figures of reports that were submitted stay as they were."),
        ),
        ("B5",),
    ),
    "merge": Text(
        _("Two records of one patient"),
        (
            _("Choose which record number goes on; the cases of the other stand with it, its identity stays."),
            _("Two records with different ID numbers are never merged: correct the wrong number first."),
            _("Parting gives back exactly the cases that were moved."),
            _("Records of two hospitals are never merged."),
        ),
    ),
    "delegation": Text(
        _("Standing in"),
        (
            _("The person needs a post of their own here. For the days given they see this post at the top of the page, "
              "marked with your name."),
            _("What they do bears their own name. Neither what they requested themselves nor what you requested can they "
              "decide on meanwhile: for this rule you count as one person."),
            _("It ends by itself after the last day, and can be ended at once."),
            _("A post taken over cannot be passed on."),
        ),
    ),
}  # fmt: skip

# Which text stands beside which page, where one template draws several.
PAGES = {
    "referrals:new": "request", "referrals:draft": "request", "referrals:mdt": "mdt", "referrals:discussion": "deliberation",
    "consent:start": "consent", "referrals:approve": "approval", "referrals:charge": "charge",
    "referrals:specimen": "specimen", "referrals:batch": "shipment", "referrals:receive": "shipment",
    "referrals:result": "result", "referrals:correct": "result", "referrals:review": "result", "referrals:file": "filing",
    "referrals:reject": "shipment", "referrals:tell": "telling", "referrals:drug": "drug", "referrals:void": "ending",
    "referrals:cancel": "ending", "referrals:supplement": "asked_back", "referrals:change": "asked_back",
    "consent:withdraw": "consent",
}  # fmt: skip
