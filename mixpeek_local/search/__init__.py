"""The search over all features: filters, words and neighbours."""
