"""Probes: what the fine-tuned proxy is asked, and how the questions are negated."""
