"""Training of OSNet on one's own labelled crops."""
