"""The local API's memory, in SQLite: tasks, assets, features, vectors."""
