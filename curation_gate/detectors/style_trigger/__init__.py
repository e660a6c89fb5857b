"""Finds planted rows that share no phrase but a style or a syntax."""
