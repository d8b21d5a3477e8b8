"""The API style `documents`: that of today, with buckets, objects, batches, collections and documents."""
