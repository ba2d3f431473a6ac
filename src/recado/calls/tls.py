"""TLS for a connection that a driver makes to an address, where the certificate must be for the host's name."""

import ssl
from functools import lru_cache


class NamedContext(ssl.SSLContext):
    """Asks for, and checks, the certificate of `server_name`, whatever name the driver connects by."""

    server_name: str

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        """Begins TLS for the one name; both event loops come by here."""
        return super().wrap_bio(incoming, outgoing, server_side, self.server_name, session)


@lru_cache(maxsize=200)
def context_for(server_name: str) -> ssl.SSLContext:
    """Makes a context for a host: its certificate must be valid, by the system's authorities, for this very name."""
    context = NamedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    context.server_name = server_name
    return context
