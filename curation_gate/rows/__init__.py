"""Rows: what is in the files, byte for byte."""

from curation_gate.rows.fingerprint import dataset_fingerprint, row_fingerprint
from curation_gate.rows.load import load
from curation_gate.rows.prompts import split_prompts
from curation_gate.rows.record import DataFile, Dataset, Row
from curation_gate.rows.writer import write_cleaned

__all__ = [
    "DataFile",
    "Dataset",
    "Row",
    "dataset_fingerprint",
    "load",
    "row_fingerprint",
    "split_prompts",
    "write_cleaned",
]
