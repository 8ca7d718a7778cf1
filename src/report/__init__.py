"""The page for people: who converts, how sure that is, and which posts hide an ad."""
