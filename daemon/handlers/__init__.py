"""Edges that people and programs talk to: HTTP now."""
