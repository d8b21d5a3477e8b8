"""Which addresses the server may fetch videos from: public ones, and those that its operator allows.

Anybody may have written a video's URL, and this server reaches what they cannot: services of this machine, the local
network, a cloud's metadata. So names are resolved here, once, and connections go to the addresses that were checked.
"""

import re
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

_HOST_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?")
_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")


class RefusedAddressError(Exception):
    """The host has no allowed address; the message lists those it has."""


class AllowedHosts:
    """The addresses of a host that may be connected to.

    Args:
        entries: Host names, addresses and networks that are allowed although they are not public.

    Raises:
        ValueError: An entry is none of these.
    """

    def __init__(self, entries: Iterable[str] = ()) -> None:
        self._names: set[str] = set()
        self._networks: list[IPv4Network | IPv6Network] = []
        for entry in entries:
            try:
                self._networks.append(ip_network(entry.strip("[]"), strict=False))
            except ValueError:
                self._names.add(_host_name(entry))

    def addresses(self, host: str, port: int) -> list[str]:
        """Resolve a host once, and return the allowed addresses in the system's order.

        Raises:
            RefusedAddressError: There are none.
            OSError: The name cannot be resolved.
        """
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(place[0]) for *_, place in found))
        if host.lower().rstrip(".") in self._names:
            return addresses
        allowed = [address for address in addresses if self._may_reach(address)]
        if not allowed:
            raise RefusedAddressError(f"{host} has no public address ({', '.join(addresses)})")
        return allowed

    def _may_reach(self, text: str) -> bool:
        address = ip_address(text)
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return is_public(address) or any(address in network for network in self._networks)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is on the public internet; one that embeds an IPv4 address is judged by that."""
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast
    within = _embedded(address)
    if within is not None:
        return is_public(within)
    return address in _UNICAST and address.is_global


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a gateway would forward packets to (RFC 4291, 3056, 4380, 6052)."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


def _host_name(entry: str) -> str:
    name = entry.lower().rstrip(".")
    if not _HOST_NAME.fullmatch(name):
        raise ValueError(
            f"{entry!r} cannot be allowed: give a host name, an address or a network such as 192.168.0.0/16"
        )
    return name
