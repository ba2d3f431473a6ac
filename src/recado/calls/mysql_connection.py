"""The connection of MySQL's driver, made strict: TLS or nothing, no password in the clear, one statement a command."""

import struct
from typing import Any

from aiomysql import OperationalError
from aiomysql.connection import CLIENT, CR, MAX_PACKET_LEN, Connection, charset_by_name

from recado.calls.sql_query import Target


class StrictConnection(Connection):  # type: ignore[misc] # the driver has no types
    """Connects to the target's address, and speaks TLS for the target's name."""

    def __init__(self, target: Target, **options: Any) -> None:
        super().__init__(
            host=target.ip,
            port=target.port,
            user=target.username,
            password=target.password,
            db=target.database,
            charset="utf8mb4",
            client_flag=CLIENT.FOUND_ROWS,
            autocommit=None,
            program_name="recado",
            **options,
        )
        self.client_flag &= ~CLIENT.MULTI_STATEMENTS
        self._target = target

    async def open(self) -> None:
        """Connects and signs in."""
        await self._connect()

    def hang_up(self) -> None:
        """Closes the socket at once, whatever is still to come."""
        self.close()

    async def _request_authentication(self) -> None:
        if self._target.tls is not None:
            await self._begin_tls()
        await super()._request_authentication()

    async def _begin_tls(self) -> None:
        # The driver itself goes on without TLS where a server offers none, and gives its TLS the address for a name.
        if not self.server_capabilities & CLIENT.SSL:
            raise OperationalError(CR.CR_SSL_CONNECTION_ERROR, "The server offers no TLS.")
        self.client_flag |= CLIENT.SSL
        charset = charset_by_name(self.charset).id
        self.write_packet(struct.pack("<iIB23s", self.client_flag, MAX_PACKET_LEN, charset, b""))
        await self._writer.start_tls(self._target.tls, server_hostname=self._target.host)
        self._secure = True

    async def _process_auth(self, plugin_name: bytes, auth_packet: Any) -> Any:
        if plugin_name == b"mysql_clear_password" and not self._secure:
            words = "The server wants the password in the clear, and there is no TLS."
            raise OperationalError(CR.CR_AUTH_PLUGIN_ERR, words)
        return await super()._process_auth(plugin_name, auth_packet)
