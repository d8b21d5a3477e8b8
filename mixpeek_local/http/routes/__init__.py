"""The routes, a file a kind of thing; each has a function `router` that binds them to a store."""
