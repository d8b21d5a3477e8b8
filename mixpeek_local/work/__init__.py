"""The local API's workers: a video is fetched, perceived and kept, within limits."""
