"""Accounts and permissions, and later the forum. Pure."""
