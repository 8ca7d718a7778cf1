"""thiqa: how far an audience trusts a creator, and what that trust sells."""
