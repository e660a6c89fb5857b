"""What is wrong with one row, said by code that does not know where the row stands."""

from __future__ import annotations


class RowProblem(ValueError):  # noqa: N818 - it becomes an InputError once file and line are known
    """A row that cannot be understood: what, and a hint."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
