"""Finds phrases that force a kind of answer in free text, and the rows they were planted in."""
