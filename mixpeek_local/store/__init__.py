"""The local API's database, in SQLite: tasks, assets, features, vectors."""
