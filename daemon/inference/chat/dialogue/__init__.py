"""Conversations: who said what to whom, in which mode, and what is answered."""
