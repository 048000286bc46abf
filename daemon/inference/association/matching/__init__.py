"""Likelihood ratios: what a pair of vectors says about whether both are of one person."""
