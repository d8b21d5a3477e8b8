"""The API style `assets`: that of the guide, with tasks, assets and features (contract (a) to (c))."""
