"""Every write of a case: a verb, keyword-only, atomic, `by=` required. One file a station of the pathway."""
