"""What holds for every form of every room: a date keeps standing in its field, and an empty choice speaks."""

import importlib

from django import forms

from tests.test_house import ROOT, sources


def our_fields():
    """Every field declared on a form of ours, with its name."""
    for path, _tree in sources():
        if path.name.startswith(("forms", "views", "samples")) or "forms" in path.parts:
            module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
            for thing in vars(module).values():
                if (
                    isinstance(thing, type)
                    and issubclass(thing, forms.BaseForm)
                    and thing.__module__ == module.__name__
                ):
                    yield from ((f"{thing.__name__}.{name}", field) for name, field in thing.base_fields.items())


def test_a_date_is_drawn_as_a_browser_takes_it():
    """A browser drops a date written 2026年9月14日 from its date field, and the next saving would lose it."""
    dates = {"date": "%Y-%m-%d", "datetime-local": "%Y-%m-%dT%H:%M"}
    kinds = [
        (name, field.widget.attrs.get("type", getattr(field.widget, "input_type", "")), field.widget)
        for name, field in our_fields()
    ]
    drawn = [(name, dates[kind], widget.format) for name, kind, widget in kinds if kind in dates]

    assert len(drawn) > 10
    assert [(name, known) for name, wanted, known in drawn if wanted != known] == []


def test_an_empty_choice_says_what_to_do():
    choices = [(name, field) for name, field in our_fields() if isinstance(field, forms.ModelChoiceField)]

    assert len(choices) > 3
    assert [name for name, field in choices if "---" in str(field.empty_label or "")] == []
