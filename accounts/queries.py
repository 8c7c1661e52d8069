"""Questions about people."""

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from accounts.models import Post, Role, User
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
