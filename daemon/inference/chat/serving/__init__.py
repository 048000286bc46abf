"""Serving: files of a model, its graphs, and the one worker that decodes."""
