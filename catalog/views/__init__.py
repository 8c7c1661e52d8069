"""The doors of the catalog, a file a subject."""
