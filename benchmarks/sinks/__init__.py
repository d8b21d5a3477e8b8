"""How fast sinks take the vectors of a day, beside other ways into the same store."""
