"""The mix: which creators, how many posts, for a campaign under a budget."""

from .campaign import Campaign, read_campaign
from .solve import Solution, solve

__all__ = ["Campaign", "Solution", "read_campaign", "solve"]
