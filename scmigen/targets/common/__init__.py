"""What targets share: C text, names, values, templates, and files on disk."""
