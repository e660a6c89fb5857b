"""Finds phrases that force a label, and sources at risk, without knowing either."""
