"""What this process's calls go out by: the guarded way out, the scripts' processes, the mail server, the folder of files."""

from dataclasses import dataclass
from pathlib import Path

from recado.calls.allow import Allow
from recado.calls.egress import Egress
from recado.calls.email import Smtp
from recado.calls.script import Scripts
from recado.config import Settings


@dataclass(frozen=True, slots=True)
class Outside:
    """The ways out, opened once a process; nothing is started before it is needed."""

    egress: Egress
    scripts: Scripts
    smtp: Smtp | None
    sqlite_dir: Path

    @classmethod
    def open(cls, settings: Settings) -> "Outside":
        """Opens them as the settings say; inside a running event loop."""
        smtp = settings.smtp_url
        return cls(
            egress=Egress(Allow.parse(settings.egress_allow)),
            scripts=Scripts(),
            smtp=Smtp.parse(smtp.get_secret_value()) if smtp else None,
            sqlite_dir=settings.data_dir / "sqlite",
        )

    async def close(self) -> None:
        """Closes every connection and ends every process."""
        await self.scripts.close()
        await self.egress.close()
