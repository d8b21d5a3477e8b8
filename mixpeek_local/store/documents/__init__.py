"""What callers of the style `documents` make: namespaces, buckets, objects, collections and batches."""
