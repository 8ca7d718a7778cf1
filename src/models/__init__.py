"""What is learnt: from texts, and from placements."""
