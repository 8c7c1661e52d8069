"""The description of the API is whole: made without a warning, every door named in words, the same at both formats."""

import json

import yaml
from django.core.management import call_command


def test_the_description_is_made_without_a_warning(tmp_path):
    """`manage.py spectacular --validate --fail-on-warn`: no two shapes of one name, no field that nobody can describe."""
    file = tmp_path / "schema.yml"

    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(file))

    paths = yaml.safe_load(file.read_text())["paths"]
    operations = [one for methods in paths.values() for one in methods.values()]
    names = [one["operationId"] for one in operations]
    # A step has its label and the permission it needs; every other door a sentence.
    assert [one["operationId"] for one in operations if len(one.get("description", "").split()) < 2] == []
    assert len(names) == len(set(names))
    assert len(names) > 120


def test_json_and_yaml_say_the_same(client, db):
    as_yaml, as_json = client.get("/api/v1/schema/"), client.get("/api/v1/schema/?format=json")

    assert yaml.safe_load(as_yaml.content) == json.loads(as_json.content)
