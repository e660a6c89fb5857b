"""What every search for phrases shares: candidates, how they look, what they are called."""
