"""Signing in and out, choosing a post, staff."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login as sign_in
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import actions, queries
from accounts.forms import ChangePasswordForm, EmailForm, FirstAdministratorForm, LoginForm, PasswordForm, StaffForm
from accounts.middleware import SESSION_KEY
from accounts.models import Post
from audit import declaring
from audit.guards import needs, public
from documents.paging import address


class LoginView(auth_views.LoginView):
    form_class = LoginForm
    template_name = "accounts/login.html"
    redirect_authenticated_user = True

    def form_valid(self, form):
        user = form.get_user()
        # From here on the transaction is theirs, so that the trail shows who signed in.
        declaring.declare(actor=user.pk, post=user.post.pk if user.post else None, step="signed_in")
        return super().form_valid(form)

    def get_context_data(self, **kwargs):
        return super().get_context_data(demo_logins=queries.demo_table() if settings.DEMO else [], **kwargs)


login = public(login_not_required(LoginView.as_view()))
logout = public(auth_views.LogoutView.as_view())


@require_POST
@public
def set_language(request):
    """Chinese or English, kept in a cookie."""
    onward = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(onward, {request.get_host()})
    response = redirect(onward if safe else "desk:home")
    chosen = request.POST.get("language", "")
    if chosen in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            chosen,
            max_age=365 * 86400,
            secure=settings.SECURE_COOKIES,
            httponly=True,
            samesite="Lax",
        )
    return response


@require_POST
@public
def switch_post(request):
    """Work in another of one's posts. Anyone signed in may, among their own posts in force."""
    if not request.user.is_authenticated:
        return redirect(settings.LOGIN_URL)
    chosen = request.POST.get("post", "")
    post = next((post for post in request.user.posts_now if str(post.pk) == chosen), None)
    if post is None:
        raise Http404
    request.session[SESSION_KEY] = post.pk
    onward = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(onward, {request.get_host()}):
        return redirect(onward)
    messages.info(request, _("You now work as %(post)s.") % {"post": post})
    return redirect("desk:home")


@public
def set_password(request, secret):
    link = actions.usable_link(secret)
    if link is None:
        return render(request, "accounts/link_ended.html", status=410)
    if link.first_administrator:
        return _first_administrator(request, link)
    form = PasswordForm(request.POST or None)
    if form.is_valid():
        declaring.declare(actor=link.user_id, step="password_set")
        try:
            user = actions.set_password(link=link, password=form.cleaned_data["password"])
        except ValidationError as fault:
            form.add_error("password", fault)
        else:
            sign_in(request, user, backend="django.contrib.auth.backends.ModelBackend")
            return redirect("desk:home")
    context = {"form": form, "person": link.user}
    return render(request, "accounts/set_password.html", context, status=422 if form.errors else 200)


def _first_administrator(request, link):
    form = FirstAdministratorForm(request.POST or None)
    if form.is_valid():
        typed = {name: value for name, value in form.cleaned_data.items() if name != "again"}
        try:
            user = actions.become_first_administrator(link=link, **typed)
        except ValidationError as fault:
            form.add_error(None, fault) if not hasattr(fault, "error_dict") else form.add_error(None, fault.messages)
        else:
            sign_in(request, user, backend="django.contrib.auth.backends.ModelBackend")
            messages.success(
                request,
                _("The hospital is set up. Switch to your post in medical affairs, at the top, to import its ledger."),
            )
            return redirect("desk:home")
    context = {"form": form, "first": True}
    return render(request, "accounts/set_password.html", context, status=422 if form.errors else 200)


@public
def change_password(request):
    """Anyone signed in changes their own password, naming the old one."""
    if not request.user.is_authenticated:
        return redirect(settings.LOGIN_URL)
    form = ChangePasswordForm(request.user, request.POST or None)
    if form.is_valid():
        with declaring.step("password_changed"):
            form.save()
        update_session_auth_hash(request, request.user)
        messages.success(request, _("Your password is changed."))
        return redirect("desk:home")
    return render(request, "accounts/change_password.html", {"form": form}, status=422 if form.errors else 200)


@needs("accounts.view_staff")
def staff(request):
    """People with a post here, by staff number, a page at a time."""
    text = request.GET.get("q", "").strip()
    page, older, newer = queries.page_of_staff(queries.staff(request.user), text, request.GET)
    return render(
        request,
        "accounts/staff.html",
        {
            "people": page,
            "q": text,
            "older_url": address(request, after=older) if older else "",
            "newer_url": address(request, before=newer) if newer else "",
            "today": timezone.localdate(),
            "may_manage": request.user.may("accounts.manage_staff"),
        },
    )


@needs("accounts.manage_staff")
def add_staff(request):
    form = StaffForm(request.POST or None, by=request.user)
    if form.is_valid():
        try:
            user, _post = actions.add_staff(by=request.user, **form.cleaned_data)
        except ValidationError as fault:
            form.add_error(None, fault)
        else:
            messages.success(request, _("%(name)s has the post.") % {"name": user.name})
            return redirect("accounts:person", pk=user.pk)
    return render(request, "accounts/staff_add.html", {"form": form}, status=422 if form.errors else 200)


@needs("accounts.view_staff")
def person(request, pk):
    found = get_object_or_404(queries.staff(request.user), pk=pk)
    return render(
        request,
        "accounts/person.html",
        {
            "person": found,
            "may_manage": request.user.may("accounts.manage_staff"),
            "email_form": EmailForm(initial={"email": found.email}),
            "may_delegate": request.user.may("accounts.delegate") and not request.user.post.stands_in_for,
        },
    )


@require_POST
@needs("accounts.manage_staff")
def password_link(request, pk):
    """Show the one-time link once; only its digest is kept."""
    found = get_object_or_404(queries.staff(request.user), pk=pk)
    secret = actions.make_password_link(user=found, by=request.user)
    return render(
        request,
        "accounts/person.html",
        {
            "person": found,
            "may_manage": True,
            "email_form": EmailForm(initial={"email": found.email}),
            "link": request.build_absolute_uri(reverse("accounts:set_password", args=[secret])),
        },
    )


@require_POST
@needs("accounts.manage_staff")
def end_post(request, pk):
    post = get_object_or_404(Post, pk=pk, institution_id__in=request.user.institution_ids)
    try:
        actions.end_post(by=request.user, post=post)
        messages.success(request, _("The post has ended."))
    except ValidationError as fault:
        messages.error(request, " ".join(fault.messages))
    return redirect("accounts:person", pk=post.user_id)
