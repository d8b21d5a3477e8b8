"""Errors of the warehouse; each says how to fix it."""

from mixpeek_assets.errors import UserError


class WarehouseError(UserError):
    """The warehouse cannot be used; the message says what, where and how to fix it."""


class WarehouseBusyError(WarehouseError):
    """Another program held the warehouse for longer than the timeout."""

    retryable = True


class DiskError(WarehouseError):
    """The disk is full or not writable. What was fetched before is kept, and a later load stores it."""


class LakeDownError(WarehouseError):
    """The lake's catalogue or its bucket does not answer now. What was fetched is kept, and a later load stores it."""

    retryable = True
