"""The API of cases: the same actions as the pages, in the same words."""
