"""Which origins are our own."""

import socket

from portal.settings import Settings


def allowed_origins(settings: Settings) -> frozenset[str]:
    """The public origin; where that is plain http, also this machine's own names on the served port."""
    origins = {settings.origin}
    if not settings.secure:
        near = settings.host in ("127.0.0.1", "::1", "localhost")
        hosts = {"localhost", "127.0.0.1"} if near else {"localhost", "127.0.0.1", lan_address()}
        origins |= {f"http://{host}:{settings.port}" for host in hosts if host}
    return frozenset(origins)


def lan_address() -> str:
    """This machine's address on the local network, "" when it has none. No packet is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return ""
        return str(probe.getsockname()[0])
