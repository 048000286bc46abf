"""Readers of product files: bytes in, parsed products and rejects out."""
