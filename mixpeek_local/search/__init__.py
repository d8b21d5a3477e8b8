"""Search over all features: filters, query vectors and neighbours."""
