"""Red team: plant known attacks, and score what a scan says against the truth."""
