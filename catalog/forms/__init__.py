"""What is typed into the catalog, a file a subject."""
