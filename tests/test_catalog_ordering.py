"""Searching the catalog at the point of order: genes by any name, drugs, initials, diagnoses, what is not indicated."""

import pytest
from django.utils import timezone

from catalog import gene_names, queries, restricted
from catalog.models import DrugTargetRule, Gene, Indication, NotIndicated
from catalog.targets.reading import symbol

pytestmark = pytest.mark.django_db


def codes(words: str) -> set[str]:
    lines = Indication.objects.filter(edition__basis_for_history=True)
    return set(lines.search(words).values_list("code", flat=True))


@pytest.mark.parametrize(
    ("former", "current"),
    [
        ("H3F3A", "H3-3A"), ("HIST1H3B", "H3C2"), ("HER2", "ERBB2"), ("c-MET", "MET"), ("PD-L1", "CD274"),
        ("MLL", "KMT2A"), ("TRKA", "NTRK1"), ("pdl1", "CD274"), ("her-2", "ERBB2"), ("cmet", "MET"),
    ],
)  # fmt: skip
def test_a_gene_is_known_by_its_former_and_customary_names(former, current):
    assert Gene.objects.called([former]).get().symbol == current
    assert queries.known_symbol(former) == (False, current)
    assert queries.known_symbol(current) == (True, current)
    assert symbol(former) == current


def test_every_gene_that_the_catalog_and_the_drug_rules_name_is_in_the_table():
    known = set(Gene.objects.values_list("symbol", flat=True))
    named = {one for cell in Indication.objects.values_list("genes", flat=True) for one in queries.symbols_in(cell)}
    for rule in DrugTargetRule.objects.all():
        named |= {gene for use in rule.read_uses for group in use.any_of for one in group for gene in one.genes}
    for item in NotIndicated.objects.values_list("item", flat=True):
        named |= {one for one in queries.symbols_in(item) if one not in {"MCED", "WES", "WGS", "MRD", "CTC", "RUO"}}
    assert named - known - {"MSI", "HRD"} == set()


def test_no_name_means_two_genes():
    seen: dict[str, str] = {}
    for gene in gene_names.genes():
        for key in Gene.keys_of(gene.symbol, gene.former, gene.customary):
            assert seen.setdefault(key, gene.symbol) == gene.symbol, key


@pytest.mark.parametrize("words", [("HER2", "ERBB2", "her-2", "C-ERBB-2"), ("PD-L1", "CD274", "pdl1"), ("H3F3A", "h33a", "H3-3A"),
                                   ("MLL", "KMT2A"), ("TRKB", "NTRK2")])  # fmt: skip
def test_every_name_of_a_gene_finds_the_same_lines(words):
    found = [codes(one) for one in words]
    assert found[0]
    assert all(one == found[0] for one in found)


@pytest.mark.parametrize(
    ("words", "among", "not_among"),
    [
        ("c-MET", "LUNG-08", "CNS-01"),
        ("奥希替尼 T790M", "LUNG-03", "LUNG-01"),
        ("axtn", "LUNG-01", "CRC-01"),
        ("C34.1 EGFR", "LUNG-01", "CRC-01"),
        ("fxxbfa", "LUNG-01", "CRC-01"),
        ("肺 一线", "LUNG-01", "LUNG-03"),
    ],
)
def test_a_search_by_gene_drug_initials_and_diagnosis(words, among, not_among):
    found = codes(words)
    assert among in found
    assert not_among not in found


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("WES", "N04"), ("全外显子", "N04"), ("MRD", "N05"), ("TMB", "N06"), ("dpyd", "N16"), ("化疗敏感性", "N01"),
        ("健康人易感基因", "N02"), ("早筛", "N03"), ("外泌体", "N12"), ("免费检测", "N15"), ("CYP2D6", "N16"),
        ("贝伐珠单抗", "N09"), ("RUO 试剂", "N14"), ("肝细胞癌 panel", "N08"),
    ],
)  # fmt: skip
def test_a_restricted_item_answers_with_its_message(words, code):
    rules = queries.rules_in_force(None, timezone.localdate())
    found = {one.code: one.message for one in restricted.answers(words, rules=rules)}
    assert code in found
    assert found[code]
    assert "{" not in found[code]
    assert not found[code].startswith("同")


@pytest.mark.parametrize("words", ["EGFR", "奥希替尼", "非小细胞肺癌 panel", "肺", "BRCA1", "west"])
def test_an_ordinary_search_is_not_warned_of(words):
    rules = queries.rules_in_force(None, timezone.localdate())
    assert restricted.answers(words, rules=rules) == []


def test_the_histology_counts_beside_the_words_only():
    assert {one.code for one in restricted.answers("panel", "小细胞肺癌")} == {"N08"}
    assert restricted.answers("EGFR", "小细胞肺癌") == []
    assert restricted.answers("panel", "非小细胞肺癌") == []
