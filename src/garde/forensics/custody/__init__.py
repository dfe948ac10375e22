"""Custody: what is kept as evidence, who had it when, and that it is still the same."""
