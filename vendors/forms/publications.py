"""What is typed about publications: the complaint channel, the places, a check on site."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from documents import files
from documents.fields import day_field, long_text
from vendors.models import Board, PostingPlace, Publication


class PhotoField(forms.FileField):
    """A photograph, PNG or JPEG by what it truly is."""

    def __init__(self, **options: Any):
        options.setdefault("widget", forms.FileInput(attrs={"accept": f"{files.JPEG},{files.PNG}", "capture": ""}))
        super().__init__(**options)

    def clean(self, data: Any, initial: Any = None) -> Any:
        given = super().clean(data, initial)
        return files.check(given, kinds=[files.JPEG, files.PNG]) if given else None


class ChannelForm(forms.Form):
    """Every element may be kept empty while it is not known; publication asks for all five (B25)."""

    procedure = forms.CharField(
        label=_("Procedure"), required=False, max_length=2000, widget=long_text(6),
        help_text=_("How a complaint is taken, looked into and answered, and within which days."),
    )  # fmt: skip
    place = forms.CharField(label=_("Place"), required=False, max_length=120)
    hours = forms.CharField(label=_("Reception hours"), required=False, max_length=120)
    phone = forms.CharField(label=_("Telephone"), required=False, max_length=40)
    email = forms.EmailField(label=_("E-mail"), required=False)


class PlaceForm(forms.Form):
    board = forms.ChoiceField(label=_("List"), choices=Board.choices)
    medium = forms.ChoiceField(label=_("Medium"), choices=PostingPlace.Medium.choices)
    name = forms.CharField(label=_("Place"), max_length=100, help_text=_("Such as: outpatient hall, by the cashier"))


class CheckForm(forms.Form):
    seen_on = day_field(_("Seen on"))
    publication = forms.ModelChoiceField(
        Publication.objects.none(),
        label=_("What hung there"),
        required=False,
        empty_label=_("Nothing, or another list"),
    )
    matches = forms.TypedChoiceField(
        label=_("Is it the list that counts?"),
        choices=[("yes", _("Yes, as published")), ("no", _("No"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    photo = PhotoField(label=_("Photograph"), required=False, help_text=_("PNG or JPEG; needed when it is in order."))
    note = forms.CharField(label=_("What is wrong"), max_length=200, required=False)

    def __init__(self, *args: Any, place: PostingPlace, **kwargs: Any):
        super().__init__(*args, **kwargs)
        found = Publication.objects.filter(institution=place.institution_id, board=place.board).defer("content")
        field: Any = self.fields["publication"]
        field.queryset = found.order_by("-number")
        field.label_from_instance = lambda one: _("Number %(n)d of %(day)s, %(sha)s…") % {
            "n": one.number, "day": f"{timezone.localdate(one.published_at):%Y-%m-%d}", "sha": one.content_sha256[:8],
        }  # fmt: skip
        self.fields["seen_on"].initial = timezone.localdate
