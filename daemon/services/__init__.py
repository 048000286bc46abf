"""Use cases: one async function each, called by HTTP, jobs and the command line alike."""
