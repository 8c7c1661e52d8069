"""Which clauses the catalog carries out, and where to count its records in a hospital."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.models import (
    CapabilityProduct,
    ConsensusSupport,
    DrugTargetRule,
    Edition,
    EvidenceRule,
    EvidenceSource,
    FormularyEntry,
    GradeRules,
    Indication,
    InHouseCapability,
    Qualification,
    QualityRound,
    RequestAuthority,
    SourceReview,
    TechnologyIntake,
    Training,
)
from policy import coverage


def _editions(institution: int) -> Any:
    return Edition.objects.filter(
        Q(institution_id=institution) | Q(institution__isnull=True), in_force_from__isnull=False
    )


def _authorities(institution: int) -> Any:
    return RequestAuthority.objects.filter(institution_id=institution)


def _grade_rules(institution: int) -> Any:
    return GradeRules.objects.filter(institution_id=institution)


def _graded(institution: int) -> Any:
    """Rows of the hospital's own binding editions with their three criteria recorded."""
    own = Edition.objects.binding().filter(institution_id=institution)
    return Indication.objects.filter(edition__in=own).exclude(risk_level="")


def _capabilities(institution: int) -> Any:
    return InHouseCapability.objects.filter(institution_id=institution)


def _intakes(institution: int) -> Any:
    return TechnologyIntake.objects.filter(institution_id=institution)


def _products(institution: int) -> Any:
    return CapabilityProduct.objects.filter(institution_id=institution)


def _rounds(institution: int) -> Any:
    return QualityRound.objects.filter(institution_id=institution)


def _trainings(institution: int) -> Any:
    return Training.objects.filter(institution_id=institution)


def _qualifications(institution: int) -> Any:
    return Qualification.objects.filter(institution_id=institution)


def _drug_rules(institution: int) -> Any:
    return DrugTargetRule.objects.all()


def _formulary(institution: int) -> Any:
    return FormularyEntry.objects.filter(institution_id=institution)


def _sources(institution: int) -> Any:
    return EvidenceSource.objects.known_to(institution)


def _reviews(institution: int) -> Any:
    return SourceReview.objects.filter(institution_id=institution)


def _evidence_rules(institution: int) -> Any:
    return EvidenceRule.objects.filter(Q(institution_id=institution) | Q(institution__supervises=institution))


def _supports(institution: int) -> Any:
    return ConsensusSupport.objects.filter(indication__edition__institution_id=institution)


def claim_all() -> None:
    claim = coverage.claim
    claim(["A40", "B2", "B3"], "record", _("Indication catalog"), "catalog:browse", rows=_editions, at="in_force_from")
    claim(["A40", "B3"], "form", _("Making an edition: draft, expert review, check, approval"), "catalog:editions")
    claim("B4", "form", _("Search of the indication catalog"), "catalog:browse")
    claim(["A22", "A23"], "record", _("Requirements per grade"), "catalog:grades", rows=_grade_rules, at="decided_at")
    graded = _("Rows graded by recorded risk, cost and evidence")
    claim("A23", "record", graded, "catalog:browse", rows=_graded)
    claim(["A23", "A42"], "record", _("Request authority"), "catalog:authorities", rows=_authorities, at="starts_on")
    intake = _("First-time technology: argued, reviewed, approved")
    claim("A43", "record", intake, "catalog:intakes", rows=_intakes, at="proposed_at")
    products = _("Registered reagents and platforms; research-only ones refused, own ones with approval")
    claim(["A16", "A45", "A46"], "record", products, "catalog:capabilities", rows=_products, at="valid_from")
    rounds = _("Rounds of external quality assessment; a failed one closes the test")
    claim("A15", "record", rounds, "catalog:capabilities", rows=_rounds, at="held_on")
    claim(
        ["A2", "A14", "A17", "A41"],
        "record",
        _("In-house capability"),
        "catalog:capabilities",
        rows=_capabilities,
        at="registered_on",
    )
    claim(["A3", "A42"], "record", _("Training on record"), "catalog:authorities", rows=_trainings, at="held_on")
    qualified = _("Qualification of pathologists and technicians, who alone sign specimen assessments")
    claim(["A2", "A3"], "record", qualified, "catalog:authorities", rows=_qualifications, at="valid_from")
    claim("A31", "record", _("Drug–target rules"), "catalog:drug_rules", rows=_drug_rules)
    formulary = _("Formulary with insurance class and restriction")
    claim("A33", "record", formulary, "catalog:formulary", rows=_formulary, at="valid_from")
    cited = _("Sources of evidence, each with its own levels")
    claim(["B2", "A5"], "record", cited, "catalog:sources", rows=_sources, at="registered_at")
    reviews = _("Reviews of rows when a newer edition of their source comes")
    claim("B3", "record", reviews, "catalog:source_reviews", rows=_reviews, at="opened_at")
    rule = _("What counts as evidence, by bureau and hospital")
    claim(["B2", "A22"], "record", rule, "catalog:evidence_rule", rows=_evidence_rules, at="set_at")
    support = _("Evidence and discussion of rows that no guideline speaks for")
    claim("A22", "record", support, "catalog:editions", rows=_supports, at="recorded_at")
    claim("A22", "page", _("Tests not indicated, with the answer to give"), "catalog:not_indicated")
