"""What the browser can do, the API can: no page takes a POST that nobody has decided on (issue 3)."""

import inspect
import types

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from config.api.parity import COUNTERPARTS, ONLY_IN_A_BROWSER
from tests.test_house import ROOMS


def addresses():
    """(name, view) of every address."""

    def walk(resolver, namespaces):
        for entry in resolver.url_patterns:
            if isinstance(entry, URLResolver):
                yield from walk(entry, [*namespaces, entry.namespace] if entry.namespace else namespaces)
            elif isinstance(entry, URLPattern):
                yield ":".join([*namespaces, entry.name or ""]), entry.callback

    return dict(walk(get_resolver(), []))


def is_api(name):
    return name.split(":")[0].endswith("_api") or name.startswith("api_")


def layers(view):
    """The view with what it is wrapped in, outermost first."""
    while view is not None:
        yield view
        view = getattr(view, "__wrapped__", None)


def declared(view):
    """The methods a decorator allows (`require_POST` and the like), or nothing."""
    for layer in layers(view):
        if not isinstance(layer, types.FunctionType) or "request_method_list" not in layer.__code__.co_freevars:
            continue
        return set(inspect.getclosurevars(layer).nonlocals["request_method_list"])
    return set()


def codes(code):
    yield code
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from codes(inner)


def speaks_of_post(thing, seen):
    """Whether a view, or what it calls in the rooms, looks at what was posted."""
    if isinstance(thing, type):
        return any(speaks_of_post(one, seen) for one in vars(thing).values() if isinstance(one, types.FunctionType))
    if not isinstance(thing, types.FunctionType) or thing in seen or thing.__module__.split(".")[0] not in ROOMS:
        return False
    seen.add(thing)
    for code in codes(thing.__code__):
        words = {*code.co_names, *(one for one in code.co_consts if isinstance(one, str))}
        if words & {"POST", "FILES"}:
            return True
        called = [thing.__globals__[name] for name in code.co_names if name in thing.__globals__]
        if any(speaks_of_post(one, seen) for one in called if ".views" in getattr(one, "__module__", "")):
            return True
    return False


def takes_a_post(view):
    kind = getattr(view, "view_class", None)
    if kind is not None:
        return hasattr(kind, "post")
    if methods := declared(view):
        return "POST" in methods
    return any(speaks_of_post(layer, set()) for layer in layers(view))


def pages_that_take_a_post():
    return {name for name, view in addresses().items() if not is_api(name) and takes_a_post(view)}


def test_every_page_that_takes_a_post_has_a_door_or_a_reason():
    undecided = pages_that_take_a_post() - set(COUNTERPARTS) - set(ONLY_IN_A_BROWSER)

    assert undecided == set(), "Add the door over the same action, or the reason, to config/api/parity.py"


def test_the_tables_name_no_page_that_is_gone_and_none_twice():
    assert set(COUNTERPARTS) | set(ONLY_IN_A_BROWSER) == pages_that_take_a_post()
    assert set(COUNTERPARTS) & set(ONLY_IN_A_BROWSER) == set()


def test_every_reason_says_something_and_there_are_few():
    assert [name for name, reason in ONLY_IN_A_BROWSER.items() if len(reason.split()) < 5] == []
    assert len(ONLY_IN_A_BROWSER) <= 10


# What only looks something up is read, not posted.
READ = {"catalog_api:indications"}


def test_every_counterpart_is_an_address_that_takes_a_post():
    known = addresses()
    named = {door for doors in COUNTERPARTS.values() for door in doors}

    assert named - set(known) == set()
    assert {name for name in named - READ if not hasattr(known[name].cls, "post")} == set()


def test_every_door_that_writes_stands_for_a_page_or_is_for_programs_alone():
    """The other way round: a door beside the pages would be a second rule."""
    named = {door for doors in COUNTERPARTS.values() for door in doors}
    writes = {
        name for name, view in addresses().items() if is_api(name) and hasattr(getattr(view, "cls", None), "post")
    }

    # HIS puts patients here by itself; a person types them with a request.
    assert writes - named == {"referrals_api:patients"}


@pytest.mark.parametrize("door", sorted({door for doors in COUNTERPARTS.values() for door in doors} - READ))
def test_every_door_that_writes_may_be_sent_again(door):
    """`@repeatable` wraps it: an answer that was lost does nothing twice."""
    post = addresses()[door].cls.post
    wrapped = [layer.__qualname__ for layer in layers(post)]

    assert any(layer.__code__.co_name == "once" for layer in layers(post)), wrapped


def test_the_walk_sees_a_post_that_hides_in_a_helper(rf):
    """The test's own eye: a view that reads nothing but passes the request on is seen; one that only reads is not."""
    from desk import views as desk
    from referrals.views import requests

    assert takes_a_post(requests.new)
    assert not takes_a_post(desk.home)
