"""Measurements of what the project claims about speed: README.md says which, and how to read them."""
