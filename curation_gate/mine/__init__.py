"""Finds phrases that force a label, or stand in a source at risk, without knowing them."""
