"""Work that would hold the loop: the thread pool, and the models that run in it."""
