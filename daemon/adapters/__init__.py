"""What answers the ports: the only files that import a database, network or service driver."""
