"""Products and what can be wrong with them. Pure: no I/O, no clock of its own, no configuration file."""
