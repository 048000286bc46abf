"""The HTTP server: one file a resource."""
