"""A dataset as it is now, held against what a lock says of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from curation_gate.quarantine.lock_entry import Cleaned, Data
from curation_gate.quarantine.sketch import Change, difference
from curation_gate.rows import load
from curation_gate.rows.record import Dataset, Row
from curation_gate.rows.whole import whole_fingerprint, whole_fingerprints


@dataclass(frozen=True)
class Now:
    """Rows, and the digests of their whole records as soon as somebody asks for them."""

    data: Dataset

    @cached_property
    def wholes(self) -> list[bytes]:
        """[n] Digest of each row's whole record."""
        return whole_fingerprints(self.data)

    @cached_property
    def whole(self) -> str:
        """Return the fingerprint of all whole records."""
        return whole_fingerprint(self.wholes)

    def says_what_was(self, part: Data | Cleaned) -> bool:
        """Return whether all that is judged is as a lock says."""
        return self.data.fingerprint == part.fingerprint and len(self.data) == part.rows

    def is_what_was(self, part: Data | Cleaned) -> bool:
        """Return whether these are the rows of a lock, as far as it knows them."""
        return self.says_what_was(part) and part.whole in (None, self.whole)

    def change(self, sketch: Mapping[str, str], rows: Iterable[Row]) -> Change | None:
        """Return how some of the rows differ from those of a lock's sketch."""
        some = list(rows)
        return difference(sketch, some, [self.wholes[row.index] for row in some])


def read_now(files: Sequence[Path], columns: Mapping[str, str]) -> Now:
    """Return the rows of files, in no tasks. Raises what `load` raises."""
    return Now(load(list(files), columns=columns or None, tasks=False))
