"""The composition root: the only place that knows every part.

`life` is the daemon from its start to its end, `assembly` opens what the configuration asks for, `process` is the
process around it.
"""
