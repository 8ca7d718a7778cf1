"""Where tables come from: the simulated world, importers, public data."""
