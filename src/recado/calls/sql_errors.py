"""Why a query did not work: the word for it (`engine/reasons.py`), and the database's own words."""

import ssl


class SqlFailed(Exception):
    """A query without a result. The words may still hold values: whoever shows them masks them first."""

    def __init__(self, code: str, words: str = "") -> None:
        super().__init__(words)
        self.code = code


class NotConnected(SqlFailed):
    """There was no connection, so nothing was asked: another address may be tried."""

    def __init__(self, problem: BaseException | None = None) -> None:
        words = "The database took no connection."
        match problem:
            case ssl.SSLCertVerificationError(verify_message=why):
                words = f"The database's certificate is not valid: {why.rstrip('.')}."
            case ssl.SSLError():
                words = "The database spoke no proper TLS."
            case ConnectionError(args=(str(why), *_)) if "SSL upgrade" in why:
                words = "The database offers no TLS."
        super().__init__("not_reached", words)


def lost(*, writes: bool) -> SqlFailed:
    """Says that the connection broke off: of a change nobody knows then whether it was made."""
    code = "interrupted" if writes else "not_reached"
    return SqlFailed(code, "The database hung up before it had answered.")
