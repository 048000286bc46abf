"""The network of cameras: where they are, how they are joined, how long the ways take and which are taken."""
