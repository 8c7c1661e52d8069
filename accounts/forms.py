"""The shape of input: signing in, setting a password, adding staff."""

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.delegations import LONGEST_DAYS
from accounts.models import Department, Institution, Post, Role, User
from documents.fields import day_field

# Django says it of every empty field; the house's catalogue says it as a hospital would.
gettext_noop("This field is required.")


class LoginForm(AuthenticationForm):
    error_messages = {
        "invalid_login": _("The staff number or the password is not right. Capital letters count."),
        "inactive": _("This account is closed. Ask the information department."),
    }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("Staff number")
        self.fields["password"].label = _("Password")


class PasswordForm(forms.Form):
    password = forms.CharField(
        label=_("New password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 10 characters, not one of the common ones."),
    )
    again = forms.CharField(
        label=_("The same again"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def clean(self):
        typed = super().clean()
        if typed.get("password") and typed.get("again") and typed["password"] != typed["again"]:
            raise ValidationError({"again": _("The two passwords differ.")})
        return typed


class FirstAdministratorForm(PasswordForm):
    code = forms.CharField(
        label=_("Institution code"),
        max_length=20,
        help_text=_("Two to ten capital letters or digits, as in the ledger, e.g. LXZ."),
        validators=[RegexValidator(r"^[A-Z][A-Z0-9]{1,9}$", _("Two to ten capital letters or digits."))],
    )
    institution_name = forms.CharField(label=_("Institution"), max_length=100)
    username = forms.CharField(label=_("Your staff number"), max_length=40)
    name = forms.CharField(label=_("Your name"), max_length=60)
    field_order = ["code", "institution_name", "username", "name", "password", "again"]


class StaffForm(forms.Form):
    username = forms.CharField(label=_("Staff number"), max_length=40)
    name = forms.CharField(label=_("Name"), max_length=60)
    title = forms.CharField(label=_("Professional title"), max_length=30, required=False)
    institution = forms.ModelChoiceField(
        label=_("Institution"), queryset=Institution.objects.none(), empty_label=_("Choose")
    )
    department = forms.ModelChoiceField(
        label=_("Department"), queryset=Department.objects.none(), required=False, empty_label=_("None")
    )
    role = forms.ModelChoiceField(label=_("Role"), queryset=Role.objects.none(), empty_label=_("Choose"))

    def __init__(self, *args, by, **kwargs):
        super().__init__(*args, **kwargs)
        mine = Institution.objects.filter(pk__in=by.institution_ids)
        self.fields["institution"].queryset = mine
        if len(mine) == 1:
            self.fields["institution"].initial = mine[0]
        self.fields["department"].queryset = Department.objects.filter(institution__in=mine)
        self.fields["role"].queryset = Role.objects.exclude(group="外部")


class EmailForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail for reminders"),
        required=False,
        help_text=_(
            "Reminders of what falls due go there on working days. Without one they stand under the bell alone."
        ),
    )


class ChangePasswordForm(PasswordChangeForm):
    error_messages = {
        "password_incorrect": _("The old password is not right."),
        "password_mismatch": _("The two passwords differ."),
    }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["old_password"].label = _("Old password")
        self.fields["new_password1"].label = _("New password")
        self.fields["new_password1"].help_text = _("At least 10 characters, not one of the common ones.")
        self.fields["new_password2"].label = _("The same again")


class DelegationForm(forms.Form):
    """Who stands in, for which days, and why."""

    username = forms.CharField(label=_("Staff number of the person who stands in"), max_length=40)
    starts_on = day_field(_("First day"))
    ends_on = day_field(_("Last day"))
    reason = forms.CharField(label=_("Why somebody stands in"), max_length=200, help_text=_("For example: on leave"))

    def __init__(self, *args, post, **kwargs):
        super().__init__(*args, **kwargs)
        self.post = post
        today = timezone.localdate().isoformat()
        for name in ("starts_on", "ends_on"):
            self.fields[name].widget.attrs["min"] = today
        self.fields["ends_on"].help_text = _("At most %(days)s days; it ends by itself.") % {"days": LONGEST_DAYS}

    def clean_username(self):
        """Somebody who works at the post's institution; kept as `cleaned_data["to"]`."""
        number = self.cleaned_data["username"].strip()
        here = Post.objects.in_force(timezone.localdate()).filter(institution_id=self.post.institution_id)
        person = User.objects.filter(username=number, is_active=True, posts__in=here).first()
        if person is None:
            raise ValidationError(_("Nobody with this staff number works at this institution."))
        self.cleaned_data["to"] = person
        return number
