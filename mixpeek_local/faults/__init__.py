"""Faults on demand, to rehearse what a network, an API and its tasks may do; off unless asked for (docs/faults.md)."""
