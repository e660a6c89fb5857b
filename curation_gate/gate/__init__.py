"""The gate: what runs in a commit hook and in CI. Reads results, needs no torch."""
