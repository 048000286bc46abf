"""The sequence-to-sequence network, in torch: for training, and as the reference of what is served."""
