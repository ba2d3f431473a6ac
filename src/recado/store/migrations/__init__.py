"""The schema's history: each revision in `versions/` runs one file of SQL text in `sql/`."""
