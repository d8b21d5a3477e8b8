"""The routes, one file for each kind of object; its function `router` binds them to a store."""
