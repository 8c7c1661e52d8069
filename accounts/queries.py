"""Questions about people."""

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from accounts.models import Delegation, Post, Role, User
from documents.paging import keyset

# The one password of all demo logins, printed at the start; production refuses to start with demo on.
DEMO_PASSWORD = "mingjian-demo-2026"  # noqa: S105


def staff(by: User) -> QuerySet[User]:
    """The people with a post at the institutions `by` sees, with those posts, in two queries."""
    posts = Post.objects.filter(institution_id__in=by.institution_ids).select_related(
        "institution", "department", "role"
    )
    return (
        User.objects.filter(kind=User.Kind.PERSON, posts__institution_id__in=by.institution_ids)
        .distinct()
        .prefetch_related(Prefetch("posts", queryset=posts, to_attr="posts_here"))
    )


def holders(institution_id: int | None, *permissions: str) -> QuerySet[User]:
    """The people who may do one of these there today: in a post of their own, or standing in for somebody in one."""
    today = timezone.localdate()
    roles = [role.pk for role in Role.objects.all() if set(permissions) & set(role.permissions)]
    posts = Post.objects.in_force(today).filter(institution_id=institution_id, role__in=roles)
    lent = Delegation.objects.in_force(today).filter(from_post__in=posts)
    found = Q(pk__in=posts.values("user")) | Q(pk__in=lent.values("to_user"))
    return User.objects.filter(found, is_active=True, kind=User.Kind.PERSON)


PAGE = 50


def page_of_staff(found: QuerySet[User], text: str, query) -> tuple[list[User], str, str]:
    """One page by staff number: people, the number to go on after, the number to go back before."""
    if text:
        found = found.filter(Q(username__istartswith=text) | Q(name__contains=text))
    return keyset(found, "username", query, size=PAGE)


def demo_logins() -> list[tuple[Role, Post]]:
    """The demo logins, by role: (role, post) for each post that a demo person holds today."""
    posts = (
        Post.objects.in_force(timezone.localdate())
        .filter(user__is_demo=True)
        .select_related("user", "role", "institution", "department")
        .order_by("role_id", "institution__code", "id")
    )
    return [(post.role, post) for post in posts]


def demo_table() -> list[tuple[str, str, str, str]]:
    """One row a demo person: (staff number, password, name, posts as words)."""
    people: dict[User, list[str]] = {}
    for role, post in demo_logins():
        people.setdefault(post.user, []).append(f"{post.institution.name} {role.name}")
    return [(user.username, DEMO_PASSWORD, user.name, "、".join(posts)) for user, posts in people.items()]
