"""`python -m curation_gate`: the command `curate`, wherever the package can be imported."""

from __future__ import annotations

from curation_gate.cli.main import main

if __name__ == "__main__":
    main()
