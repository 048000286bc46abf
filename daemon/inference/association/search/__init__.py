"""Searches for one target: best-first, and the two that it is compared with."""
