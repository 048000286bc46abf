"""The chat system: what was said, what is wanted, and what is answered."""
