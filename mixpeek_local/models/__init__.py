"""Model files: the catalogue, the download, and what each is for."""
