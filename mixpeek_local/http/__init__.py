"""The HTTP side of the local API: the application, its routes, bodies and replies of three eras."""
