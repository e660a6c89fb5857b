"""What leaves the dataset, why, and who decided: the scan folder and the lock."""
