"""The local API: a server on this machine that speaks the Mixpeek API and looks at and listens to the videos."""
