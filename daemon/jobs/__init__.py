"""Timers: what runs without anybody asking."""
