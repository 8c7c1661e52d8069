"""People and machines, the posts they hold, and who stands in for whom."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.models.places import Department, Institution, Role


class UserManager(BaseUserManager):
    def get_by_natural_key(self, username):
        return self.get(username=username)

    def machine(self) -> User:
        """The account under which tasks, imports and migrations act."""
        user: Any
        user, _made = self.get_or_create(
            username="system", defaults={"name": "系统", "kind": User.Kind.MACHINE, "password": "!"}
        )
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A person with a staff number, or a machine. Nobody acts without an account: machines have theirs."""

    class Kind(models.TextChoices):
        PERSON = "person", _("Person")
        MACHINE = "machine", _("Machine")

    username = models.CharField(_("staff number"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=60)
    pinyin = models.CharField(max_length=120, blank=True)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.PERSON)
    title = models.CharField(_("professional title"), max_length=30, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    is_active = models.BooleanField(default=True)
    is_demo = models.BooleanField(default=False)
    joined_at = models.DateTimeField(default=timezone.now)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["name"]
    objects = UserManager()

    class Meta:
        ordering = ["username"]
        verbose_name = _("user")

    class Trail:
        digest = ("password",)

    def __str__(self):
        return self.name

    def get_full_name(self):
        return self.name

    @property
    def is_machine(self) -> bool:
        return self.kind == self.Kind.MACHINE

    @cached_property
    def posts_now(self) -> list[Post]:
        """The posts in force today: one's own in the order they were given, then those one stands in for."""
        today = timezone.localdate()
        lent = Delegation.objects.in_force(today).filter(to_user_id=self.pk).values("from_post_id")
        found = Post.objects.in_force(today).filter(Q(user_id=self.pk) | Q(pk__in=lent))
        posts = list(found.select_related("institution", "department", "role", "user"))
        for post in posts:
            post.stands_in_for = post.user.name if post.user_id != self.pk else ""
        return sorted(posts, key=lambda one: (one.user_id != self.pk, one.pk))

    @property
    def post(self) -> Post | None:
        """The post the person works in now: chosen at the top of the page, else the first in force."""
        if "_post" not in self.__dict__:
            self.__dict__["_post"] = self.posts_now[0] if self.posts_now else None
        return self.__dict__["_post"]

    @property
    def stands_for(self) -> frozenset[int]:
        """Whose requests are one's own in this post: one's own, and those of the person one stands in for.

        What keeps acts apart (X14) asks `accounts.delegations.one_with`, whichever the post.
        """
        post = self.post
        return frozenset({self.pk, post.user_id} if post else {self.pk})

    def act_as(self, post: Post | None) -> Self:
        self.__dict__["_post"] = post
        self.__dict__.pop("institution_ids", None)
        return self

    def limit_to(self, permissions: Iterable[str]) -> Self:
        """Of what the post allows, only these: a token says what it is for."""
        self.__dict__["_only"] = frozenset(permissions)
        return self

    def speaks_for(self, affair: str) -> bool:
        """Whether one's own affairs are open (notices, lending one's post): to the person always, to a token of theirs
        when it names them."""
        return affair in self.__dict__.get("_only", (affair,))

    @cached_property
    def institution_ids(self) -> tuple[int, ...]:
        """The institutions whose cases the current post may see; a bureau's post sees those it supervises."""
        if self.is_machine:
            return tuple(Institution.objects.values_list("pk", flat=True))
        post = self.post
        if post is None:
            return ()
        if post.institution.is_bureau:
            return (post.institution_id, *post.institution.supervises.values_list("pk", flat=True))
        return (post.institution_id,)

    @property
    def sees_identity(self) -> bool:
        """Whether the current post may read patients' names and numbers. A bureau's never does (R25)."""
        if self.is_machine:
            return True
        return bool(self.post and self.post.role.sees_identity and not self.post.institution.is_bureau)

    @property
    def scope(self) -> str:
        if self.is_machine:
            return Role.Scope.COUNTY
        return self.post.role.scope if self.post else Role.Scope.NONE

    def let_in_to(self, model: type[models.Model]) -> list[str]:
        """Keys of the objects of `model` this person was let into by name; asked once a request."""
        known = self.__dict__.setdefault("_let_in", {})
        if model not in known:
            known[model] = [] if self.is_machine else self.let_ins.keys(self, model)
        return known[model]

    def may(self, permission: str, obj: models.Model | None = None) -> bool:
        """Whether the current post allows `permission`, and on `obj` lies within its institutions."""
        if not self.is_active:
            return False
        if not self.is_machine:
            post = self.post
            if post is None or permission not in post.role.permissions:
                return False
            if permission not in self.__dict__.get("_only", post.role.permissions):
                return False
        institution = getattr(obj, "institution_id", None) if obj is not None else None
        return institution is None or institution in self.institution_ids


class PostQuerySet(models.QuerySet):
    def in_force(self, on: date) -> Self:
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on), starts_on__lte=on)


class Post(models.Model):
    """One person in one role at one place, with dates."""

    user = models.ForeignKey(User, models.PROTECT, related_name="posts")
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="posts")
    department = models.ForeignKey(Department, models.PROTECT, null=True, blank=True, related_name="posts")
    role = models.ForeignKey(Role, models.PROTECT, related_name="posts")
    starts_on = models.DateField(_("from"), default=date(2020, 1, 1))
    ends_on = models.DateField(_("to"), null=True, blank=True)

    objects = PostQuerySet.as_manager()
    # The holder's name, where somebody else works in the post by delegation (`User.posts_now`).
    stands_in_for = ""

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "institution", "department", "role", "starts_on"],
                name="post_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=models.F("starts_on")),
                name="post_period_in_order",
            ),
        ]
        verbose_name = _("post")

    def __str__(self):
        place = self.department.name if self.department else self.institution.name
        return f"{place} · {self.role.name}"


class DelegationQuerySet(models.QuerySet):
    def in_force(self, on: date) -> Self:
        return self.filter(starts_on__lte=on, ends_on__gte=on, revoked_at__isnull=True)

    def visible_to(self, user: User) -> Self:
        """All of the institution for those who may delegate others' posts; else what one gave or was given."""
        here = self.filter(institution_id__in=user.institution_ids)
        if user.may("accounts.delegate"):
            return here
        return here.filter(Q(from_post__user_id=user.pk) | Q(to_user_id=user.pk))


class Delegation(models.Model):
    """Somebody works in another's post for some days. It ends by itself; the trail names the delegate as the one who
    acted and the post as the one acted in."""

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+")
    from_post = models.ForeignKey(Post, models.PROTECT, related_name="delegations")
    to_user = models.ForeignKey(User, models.PROTECT, related_name="delegated_to_me")
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"))
    reason = models.CharField(_("reason"), max_length=200)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = DelegationQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_on", "-id"]
        indexes = [models.Index(fields=["to_user", "ends_on"])]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=models.F("starts_on")), name="delegation_in_order"),
            models.CheckConstraint(condition=~Q(reason=""), name="delegation_has_a_reason"),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="delegation_revoked_by_somebody",
            ),
            # One stand-in a day for one post.
            ExclusionConstraint(
                name="one_stand_in_at_a_time",
                expressions=[
                    ("from_post", RangeOperators.EQUAL),
                    (
                        models.Func(
                            models.F("starts_on"),
                            models.F("ends_on"),
                            models.Value("[]"),
                            function="daterange",
                            output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(revoked_at__isnull=True),
            ),
        ]
        verbose_name = _("delegation of a post")
