"""Tells by rules whether somebody wants a film recommended."""
