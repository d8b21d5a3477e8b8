"""The routes of the style `documents`, one file for each kind of object, under `/v1`."""
