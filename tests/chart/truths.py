"""What must be true of every case at every moment, asked of the tables in SQL and not of the application's own rules.

Each query answers the rows that break its sentence; no rows, and the sentence holds.
"""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.utils import timezone

# Statuses in which a consent has been signed and stands.
CONSENTED = (
    "'consented', 'awaiting_approval', 'approved', 'awaiting_charge', 'awaiting_sampling', 'charged', 'sampled',"
    " 'recollect', 'shipped', 'received', 'reported', 'reviewed', 'told', 'filed'"
)
PAST_MDT = f"'awaiting_consent', {CONSENTED}"
STANDING = "c.withdrawn_at IS NULL AND c.lapsed_at IS NULL"
SENT = "'shipped', 'received'"
DAY = "AT TIME ZONE 'Asia/Shanghai')::date"

TRUTHS: dict[str, str] = {
    "a case past consent has one standing consent, to its own test and place": f"""
        SELECT r.number, r.status FROM referrals_referral r WHERE r.status IN ({CONSENTED}) AND 1 <> (
            SELECT count(*) FROM consent_consent c WHERE c.referral_id = r.id AND {STANDING}
            AND c.test_id = r.test_id AND c.laboratory_id IS NOT DISTINCT FROM r.laboratory_id)""",
    "a case before consent, or ended early, has none standing unless the patient had agreed and the office ended it": f"""
        SELECT r.number, r.status FROM referrals_referral r JOIN consent_consent c ON c.referral_id = r.id
        WHERE {STANDING} AND r.status NOT IN ({CONSENTED}, 'cancelled', 'voided')""",
    "the consent was told before it was signed, by the text that was told": """
        SELECT r.number FROM consent_consent c JOIN referrals_referral r ON r.id = c.referral_id WHERE NOT EXISTS (
            SELECT FROM consent_disclosure d WHERE d.referral_id = r.id AND d.content_sha256 = c.content_sha256
            AND d.told_at <= c.signed_at)""",
    "the fee is the price consented to, in force and published on its day": f"""
        SELECT r.number, g.amount, c.amount FROM referrals_charge g JOIN referrals_referral r ON r.id = g.referral_id
        LEFT JOIN consent_consent c ON c.id = g.consent_id LEFT JOIN vendors_price p ON p.id = g.price_id
        WHERE c.id IS NULL OR p.id IS NULL OR c.referral_id <> r.id OR c.signed_at > g.charged_at
        OR c.amount <> g.amount OR p.amount <> g.amount OR p.institution_id <> r.institution_id
        OR NOT daterange(p.effective_from, p.effective_to, '[]') @> (g.charged_at {DAY}
        OR p.published_on IS NULL OR p.published_on > (g.charged_at {DAY}""",
    "what insurance does not pay has its own notice before the fee": """
        SELECT r.number FROM referrals_charge g JOIN referrals_referral r ON r.id = g.referral_id
        JOIN vendors_price p ON p.id = g.price_id WHERE p.insurance_class = '自费' AND NOT EXISTS (
            SELECT FROM consent_selfpaynotice n WHERE n.referral_id = r.id AND n.signed_at <= g.charged_at
            AND n.amount = g.amount)""",
    "one fee stands at a time": """
        SELECT referral_id FROM referrals_charge WHERE reversed_at IS NULL GROUP BY 1 HAVING count(*) > 1""",
    "a clinical specimen leaves after the hospital's fee, which stood that moment": """
        SELECT r.number FROM referrals_shipment s JOIN referrals_referral r ON r.id = s.referral_id
        WHERE r.nature = 'clinical' AND NOT EXISTS (SELECT FROM referrals_charge g WHERE g.referral_id = r.id
            AND g.charged_at <= s.shipped_at AND (g.reversed_at IS NULL OR g.reversed_at > s.shipped_at))""",
    "a clinical case that is charged and not ended has its fee": """
        SELECT r.number, r.status FROM referrals_referral r WHERE r.nature = 'clinical' AND r.status IN
        ('charged', 'sampled', 'recollect', 'shipped', 'received', 'reported', 'reviewed', 'told', 'filed')
        AND NOT EXISTS (SELECT FROM referrals_charge g WHERE g.referral_id = r.id AND g.reversed_at IS NULL)""",
    "research is never charged": """
        SELECT r.number FROM referrals_charge g JOIN referrals_referral r ON r.id = g.referral_id
        WHERE r.nature = 'research'""",
    "research is sampled under an ethics approval in force": f"""
        SELECT r.number FROM referrals_specimen s JOIN referrals_referral r ON r.id = s.referral_id
        WHERE r.nature = 'research' AND (r.study_id IS NULL OR NOT EXISTS (
            SELECT FROM referrals_ethicsapproval e WHERE e.study_id = r.study_id AND e.covers_site
            AND daterange(e.valid_from, e.valid_to, '[]') @> (s.collected_at {DAY}))""",
    "a first visit, or a test graded for it, is past the MDT only with its conclusion on this test": f"""
        SELECT r.number, r.status FROM referrals_referral r JOIN catalog_indication i ON i.id = r.indication_id
        WHERE (r.first_visit OR i.grade = 'mdt') AND r.status IN ({PAST_MDT}) AND 'agree' IS DISTINCT FROM (
            SELECT m.conclusion FROM referrals_mdtreview m JOIN referrals_deliberation d ON d.id = m.deliberation_id
            WHERE m.referral_id = r.id AND d.status = 'concluded' AND d.kind = 'mdt' AND m.concluded_at >= COALESCE(
                (SELECT max(k.corrected_at) FROM referrals_correction k
                 WHERE k.referral_id = r.id AND k.field = 'indication'), '-infinity')
            ORDER BY m.concluded_at DESC, m.id DESC LIMIT 1)""",
    "a test for the department is past its discussion only with one that agreed on this test, and a paper": f"""
        SELECT r.number, r.status FROM referrals_referral r JOIN catalog_indication i ON i.id = r.indication_id
        WHERE (i.grade = 'discussion' OR i.is_risky) AND r.status IN ('discussed', 'mdt_agreed', {PAST_MDT})
        AND (NOT EXISTS (SELECT FROM referrals_evidence e WHERE e.referral_id = r.id) OR true IS DISTINCT FROM (
            SELECT h.agreed FROM referrals_departmentaldiscussion h JOIN referrals_deliberation d
            ON d.id = h.deliberation_id WHERE h.referral_id = r.id AND d.status = 'concluded' AND d.kind = 'department'
            AND h.held_at >= COALESCE((SELECT max(k.corrected_at) FROM referrals_correction k
                 WHERE k.referral_id = r.id AND k.field = 'indication'), '-infinity')
            ORDER BY h.held_at DESC, h.id DESC LIMIT 1))""",
    "whoever concludes sits there, has spoken and did not request": """
        SELECT d.number FROM referrals_deliberation d JOIN referrals_referral r ON r.id = d.referral_id
        WHERE d.status = 'concluded' AND (d.concluded_by_id = r.requester_id OR NOT EXISTS (
            SELECT FROM referrals_opinion o WHERE o.deliberation_id = d.id AND o.member_id = d.concluded_by_id)
        OR EXISTS (SELECT FROM referrals_opinion o WHERE o.deliberation_id = d.id AND o.member_id = r.requester_id))""",
    "what is concluded had its quorum": """
        SELECT d.number FROM referrals_deliberation d JOIN (SELECT o.deliberation_id,
            count(DISTINCT o.member_id) AS members, count(DISTINCT o.discipline) AS disciplines,
            bool_or(o.discipline LIKE '%%病理%%') AS pathology FROM referrals_opinion o WHERE o.is_first GROUP BY 1
        ) q ON q.deliberation_id = d.id WHERE d.status = 'concluded' AND (q.members < 2
        OR d.kind = 'department' AND (q.members < d.quorum OR q.members < 3)
        OR d.kind = 'mdt' AND (q.disciplines < d.quorum OR d.needs_pathology AND NOT q.pathology))""",
    "only a case that waits for it is under deliberation": """
        SELECT d.number, d.kind, r.status FROM referrals_deliberation d JOIN referrals_referral r ON r.id = d.referral_id
        WHERE d.status IN ('opinions', 'discussion') AND r.status <> CASE d.kind WHEN 'mdt' THEN 'awaiting_mdt'
        ELSE 'awaiting_discussion' END""",
    "nobody takes two of the acts that X14 keeps apart, nor decides on their own request": """
        WITH acts AS (
            SELECT referral_id, 'chair' AS act, chair_id AS person FROM referrals_mdtreview
            UNION SELECT referral_id, 'chair', chair_id FROM referrals_departmentaldiscussion
            UNION SELECT referral_id, 'approve', decided_by_id FROM referrals_outsourcingapproval
            UNION SELECT referral_id, 'charge', charged_by_id FROM referrals_charge
            UNION SELECT referral_id, 'review', reviewed_by_id FROM referrals_result WHERE reviewed_by_id IS NOT NULL)
        SELECT r.number, a.person FROM acts a JOIN referrals_referral r ON r.id = a.referral_id
        GROUP BY r.number, a.person HAVING count(DISTINCT a.act) > 1
        OR bool_or(a.act IN ('chair', 'approve') AND a.person = r.requester_id)
        UNION SELECT r.number, t.reviewed_by_id FROM referrals_result t JOIN referrals_referral r
        ON r.id = t.referral_id WHERE t.reviewed_by_id = t.entered_by_id""",
    "what was sent outside was approved, for a place that was open that day": f"""
        SELECT r.number FROM referrals_shipment s JOIN referrals_referral r ON r.id = s.referral_id
        WHERE s.laboratory_id <> r.laboratory_id OR NOT EXISTS (SELECT FROM referrals_outsourcingapproval a
            WHERE a.referral_id = r.id AND a.approved AND a.decided_at <= s.shipped_at)
        OR NOT EXISTS (SELECT FROM vendors_contractitem i WHERE i.contract_id = s.contract_id
            AND i.test_id = r.test_id AND i.laboratory_id = s.laboratory_id AND i.institution_id = r.institution_id
            AND daterange(i.valid_from, i.valid_to, '[]') @> (s.shipped_at {DAY})
        OR 3 <> (SELECT count(DISTINCT c.kind) FROM vendors_credential c WHERE c.laboratory_id = s.laboratory_id
            AND daterange(c.valid_from, c.valid_to, '[]') @> (s.shipped_at {DAY})""",
    "a specimen bears its own case's number, and only a fit one is sent or reported": """
        SELECT r.number FROM referrals_specimen s JOIN referrals_referral r ON r.id = s.referral_id
        WHERE left(s.barcode, length(r.number)) <> r.number
        UNION ALL SELECT r.number FROM referrals_shipment h JOIN referrals_referral r ON r.id = h.referral_id
        LEFT JOIN referrals_specimen s ON s.id = h.specimen_id
        WHERE s.referral_id IS DISTINCT FROM r.id OR s.is_fit IS NOT TRUE
        UNION ALL SELECT r.number FROM referrals_result t JOIN referrals_referral r ON r.id = t.referral_id
        LEFT JOIN referrals_specimen s ON s.id = t.specimen_id
        WHERE s.referral_id IS DISTINCT FROM r.id OR s.is_fit IS NOT TRUE""",
    "a specimen is taken under a consent that stood": """
        SELECT r.number FROM referrals_specimen s JOIN referrals_referral r ON r.id = s.referral_id WHERE NOT EXISTS (
            SELECT FROM consent_consent c WHERE c.referral_id = r.id AND c.signed_at <= s.collected_at
            AND (c.withdrawn_at IS NULL OR c.withdrawn_at > s.collected_at)
            AND (c.lapsed_at IS NULL OR c.lapsed_at > s.collected_at))""",
    "a filed case has consent, order and a reviewed report that the patient was told": f"""
        SELECT r.number FROM referrals_referral r WHERE r.status = 'filed' AND (r.requester_id IS NULL
        OR NOT EXISTS (SELECT FROM referrals_filing f WHERE f.referral_id = r.id AND f.filed_by_id IS NOT NULL)
        OR NOT EXISTS (SELECT FROM consent_consent c WHERE c.referral_id = r.id AND {STANDING})
        OR NOT EXISTS (SELECT FROM referrals_result t WHERE t.referral_id = r.id AND t.pdf_id IS NOT NULL
            AND t.reviewed_at IS NOT NULL AND t.told_at IS NOT NULL
            AND NOT EXISTS (SELECT FROM referrals_result n WHERE n.supersedes_id = t.id)))""",
    "a specimen on the road is on one shipment, and the case bears that shipment's times": f"""
        SELECT r.number, r.status FROM referrals_referral r LEFT JOIN LATERAL (
            SELECT * FROM referrals_shipment s WHERE s.referral_id = r.id ORDER BY s.id DESC LIMIT 1) s ON true
        WHERE r.status IN ({SENT}) AND (s.id IS NULL OR s.rejected_at IS NOT NULL OR r.shipped_at <> s.shipped_at
        OR r.received_at IS DISTINCT FROM s.received_at OR (r.status = 'received') <> (r.received_at IS NOT NULL))""",
    "the case's own times are in the order of its steps": """
        SELECT number, status FROM referrals_referral WHERE requested_at > consented_at OR mdt_concluded_at < requested_at
        OR consented_at > approved_at OR consented_at > charged_at OR consented_at > collected_at
        OR status NOT IN ('recollect', 'charged', 'awaiting_sampling') AND collected_at > shipped_at
        OR shipped_at > received_at OR collected_at > reported_at AND status <> 'recollect' OR reviewed_at > told_at
        OR reported_at > reviewed_at OR told_at > filed_at""",
}
TIMES = """
    SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'
    AND data_type LIKE 'timestamp%' AND (table_name LIKE 'referrals\\_%' OR table_name LIKE 'consent\\_%')
    AND column_name <> 'saved_at' ORDER BY 1, 2"""
TABLES = """
    SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
    AND (table_name LIKE 'referrals\\_%' OR table_name LIKE 'consent\\_%' OR table_name IN
    ('documents_storedfile', 'accounts_notice', 'accounts_delegation')) ORDER BY 1"""


def _rows(sql: str, *values: Any) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return cursor.fetchall()


class Truths:
    """The queries, put together once; each is asked after every act."""

    def __init__(self) -> None:
        def one(name: str, sql: str) -> str:
            name = name.replace("'", "''")
            return f"SELECT '{name}'::text AS truth, row_to_json(broken)::text AS row FROM ({sql}) AS broken"

        truths = " UNION ALL ".join(one(name, sql.replace("%%", "%")) for name, sql in TRUTHS.items())
        future = " UNION ALL ".join(
            f"SELECT '{table}.{column} in the future', max({column})::text FROM {table} HAVING max({column}) > $1"
            for table, column in _rows(TIMES)
        )
        digests = " UNION ALL ".join(
            f"SELECT '{table}', md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} AS t"
            for (table,) in _rows(TABLES)
        )
        # Planned once: they are asked thousands of times.
        with connection.cursor() as cursor:
            cursor.execute("DEALLOCATE ALL")
            cursor.execute(f"PREPARE truths (timestamptz) AS {truths} UNION ALL {future}")
            cursor.execute(f"PREPARE digests AS {digests}")

    def broken(self) -> list[tuple]:
        return _rows("EXECUTE truths (%s)", timezone.now())

    def digest(self) -> dict[str, str]:
        """Every row of every table of the cases, by table."""
        return dict(_rows("EXECUTE digests"))


def keys_hold() -> None:
    """What the database would find wrong only when the transaction ends, found now."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def last_event() -> int:
    return _rows("SELECT COALESCE(max(id), 0) FROM audit_event")[0][0]


def events_after(number: int) -> list[tuple]:
    """(actor, declared, step, table, row, op, payload) of what was written since, in order."""
    return _rows(
        "SELECT actor_id, declared, step, table_name, row_id, op, payload FROM audit_event WHERE id > %s ORDER BY id",
        number,
    )


def stale_after_sweep() -> list[tuple]:
    """Consents before the fee whose price is not today's, once the sweep has run."""
    return _rows(
        f"""SELECT r.number, c.amount, p.amount FROM referrals_referral r
        JOIN consent_consent c ON c.referral_id = r.id AND {STANDING}
        JOIN vendors_price p ON p.institution_id = r.institution_id AND p.test_id = r.test_id
            AND daterange(p.effective_from, p.effective_to, '[]') @> (%s::timestamptz {DAY}
        WHERE r.nature = 'clinical' AND c.price_id <> p.id
        AND r.status IN ('consented', 'awaiting_approval', 'approved', 'awaiting_charge')""",
        timezone.now(),
    )
