"""Reads flow documents as others write them into our own form, one file per dialect, always with a report.

Reading never executes anything and never reaches outside. Start with `canonical.py`: our own form, and what the
REST contract promises to take as well (fields at a node's root, edges labelled true and false).
"""
