"""What pydantic says about a field that is not valid, in words an author understands, in both languages."""

from collections.abc import Mapping

from recado.engine.events import Json

Words = tuple[str, str]

MISTAKES: Mapping[str, Words] = {
    "string_type": ("precisa ser um texto", "it must be a text"),
    "string_too_short": ("é curto demais", "it is too short"),
    "string_too_long": (
        "pode ter no máximo {max_length} caracteres",
        "it may have at most {max_length} characters",
    ),
    "string_pattern_mismatch": ("não tem a forma esperada", "it does not have the right form"),
    "int_type": ("precisa ser um número inteiro", "it must be a whole number"),
    "int_parsing": ("precisa ser um número inteiro", "it must be a whole number"),
    "int_from_float": ("precisa ser um número inteiro", "it must be a whole number"),
    "float_type": ("precisa ser um número", "it must be a number"),
    "float_parsing": ("precisa ser um número", "it must be a number"),
    "finite_number": ("precisa ser um número", "it must be a number"),
    "bool_type": ("precisa ser sim ou não", "it must be true or false"),
    "bool_parsing": ("precisa ser sim ou não", "it must be true or false"),
    "greater_than": ("precisa ser maior que {gt}", "it must be greater than {gt}"),
    "greater_than_equal": ("precisa ser pelo menos {ge}", "it must be at least {ge}"),
    "less_than": ("precisa ser menor que {lt}", "it must be less than {lt}"),
    "less_than_equal": ("pode ser no máximo {le}", "it may be at most {le}"),
    "literal_error": ("precisa ser {expected}", "it must be {expected}"),
    "enum": ("precisa ser {expected}", "it must be {expected}"),
    "list_type": ("precisa ser uma lista", "it must be a list"),
    "tuple_type": ("precisa ser uma lista", "it must be a list"),
    "dict_type": ("precisa ser um objeto", "it must be an object"),
    "model_type": ("precisa ser um objeto", "it must be an object"),
    "model_attributes_type": ("precisa ser um objeto", "it must be an object"),
    "too_short": ("precisa de pelo menos {min_length}", "it needs at least {min_length}"),
    "uuid_parsing": ("precisa ser um id", "it must be an id"),
    "uuid_type": ("precisa ser um id", "it must be an id"),
    "union_tag_invalid": (
        "“type” precisa ser {expected_tags}",
        "“type” must be {expected_tags}",
    ),
    "union_tag_not_found": ("falta “type”", "“type” is missing"),
}


def say_mistake(kind: str, message: str, context: Mapping[str, Json], language: str) -> str:
    """Says a mistake; one that has no words here is said as pydantic says it."""
    if kind not in MISTAKES:
        return message
    words = MISTAKES[kind][language == "en"]
    try:
        said = words.format_map(context)
    except KeyError:
        return message
    return said.replace(" or ", " ou ") if language == "pt-BR" and "expected" in words else said
