"""Brazilian numbers with a check: CPF, CNPJ (with letters since 2026) and CEP."""

import re
from types import ModuleType

from stdnum.br import cnpj, cpf
from stdnum.exceptions import ValidationError

CEP = re.compile(r"([0-9]{2})\.?([0-9]{3})[-\s]?([0-9]{3})")


def read_cpf(text: str) -> str | None:
    """Reads a person's tax number, with or without its signs, as 11 digits."""
    return _checked(cpf, text)


def read_cnpj(text: str) -> str | None:
    """Reads a company's tax number, with or without its signs, as 14 digits and capitals."""
    return _checked(cnpj, text)


def read_cep(text: str) -> str | None:
    """Reads a postal code, with or without its signs, as 8 digits."""
    found = CEP.fullmatch(text.strip())
    return "".join(found.groups()) if found else None


def _checked(rules: ModuleType, text: str) -> str | None:
    try:
        number = str(rules.validate(text))
    except ValidationError:
        return None
    # 111.111.111-11 has the right check digits and belongs to nobody.
    return number if len(set(number)) > 1 else None
