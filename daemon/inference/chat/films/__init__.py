"""Films: what there is, who liked what, and what to watch next."""
