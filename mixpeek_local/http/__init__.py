"""The HTTP side of the local API: the application, its routes, and the bodies and replies of three eras."""
