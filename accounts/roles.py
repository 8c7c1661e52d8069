"""Roles of `vocab.md` §1 as data: loaded from `accounts/data/roles.json`, never written in code."""

import json
from pathlib import Path

from accounts.models import Role

FILE = Path(__file__).parent / "data" / "roles.json"

# What the ledger's 岗位 column calls a post, and the role it is (`data/README.md`, sheet 人员).
LEDGER_POSTS = {
    "经治医师": "R01",
    "科主任": "R02",
    "MDT秘书": "R03",
    "MDT专家": "R04",
    "病理医师": "R05",
    "病理技师": "R05",
    "检验医师": "R06",
    "检验技师": "R06",
    "采样护士": "R07",
    "标本接收员": "R07",
    "外送管理员": "R08",
    "临床药师": "R09",
    "医务科审批": "R10",
    "医务科": "R10",
    "医保物价": "R11",
    "物价员": "R11",
    "收费员": "R12",
    "财务": "R12",
    "采购员": "R13",
    "法务": "R14",
    "病案室": "R15",
    "投诉受理": "R16",
    "投诉接待": "R16",
    "纪检监察": "R17",
    "保卫": "R18",
    "信息科": "R19",
    "科研管理": "R20",
    "伦理秘书": "R21",
    "宣传": "R22",
    "分管副院长": "R23",
    "院长": "R24",
    "书记": "R24",
}


def load() -> int:
    """Bring the roles in the database in line with the file; returns how many changed."""
    changed = 0
    for row in json.loads(FILE.read_text()):
        code = row.pop("code")
        role = Role.objects.filter(pk=code).first()
        if role and all(getattr(role, field) == value for field, value in row.items()):
            continue
        Role.objects.update_or_create(pk=code, defaults=row)
        changed += 1
    return changed
