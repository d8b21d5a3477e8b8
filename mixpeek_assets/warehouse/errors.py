"""What can go wrong with the warehouse, said so that a user can fix it."""

from mixpeek_assets.errors import UserError


class WarehouseError(UserError):
    """The warehouse cannot be used; the message says what, where and how to fix it."""


class WarehouseBusyError(WarehouseError):
    """Another program held the warehouse for longer than the timeout."""

    retryable = True


class DiskError(WarehouseError):
    """The disk is full, or may not be written. What was kept before stays, and is loaded once it can be."""
