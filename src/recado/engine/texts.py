"""The platform's own sentences to customers, in both languages. A workspace may put its own in their place."""

import re
from collections.abc import Mapping

from recado.engine.events import Json, World
from recado.engine.values import as_text

PLACEHOLDER = re.compile(r"\{(\w+)\}")
DEFAULT_LOCALE = "pt-BR"

TEXTS: Mapping[str, Mapping[str, str]] = {
    "pt-BR": {
        "no_chatbot": "Nenhum chatbot configurado para este número.",
        "failure": "Desculpe, ocorreu um erro. Tente novamente.",
        "broken_flow": "Erro ao processar mensagem. Um atendente vai continuar.",
        "unknown_number": "Número não registrado. Por favor, contate o suporte.",
        "only_text": "Por enquanto só entendo texto.",
        "opted_out": "Pronto, você não vai mais receber mensagens nossas. Para voltar, escreva START.",
        "opted_in": "Pronto, você voltou a receber nossas mensagens.",
        "handed_off": "Certo. Um atendente vai continuar a conversa.",
        "ended": "Conversa encerrada. É só escrever quando quiser recomeçar.",
        "options_button": "Ver opções",
        "bad_text": "Por favor, escreva a sua resposta.",
        "bad_number": "Por favor, responda com um número, por exemplo 18 ou 18,5.",
        "bad_integer": "Por favor, responda com um número inteiro, por exemplo 3.",
        "bad_email": "Este e-mail não parece certo. Escreva-o assim: nome@exemplo.com",
        "bad_phone": "Este telefone não parece certo. Escreva-o com DDD, por exemplo (11) 91234-5678.",
        "bad_date": "Não entendi a data. Escreva dia/mês/ano, por exemplo 25/12/2026.",
        "bad_time": "Não entendi o horário. Escreva-o assim: 15:30",
        "bad_url": "Este endereço não parece certo. Escreva-o assim: https://exemplo.com",
        "bad_yes_no": "Por favor, responda sim ou não.",
        "bad_cpf": "Este CPF não é válido. Confira os 11 dígitos, por favor.",
        "bad_cnpj": "Este CNPJ não é válido. Confira os 14 caracteres, por favor.",
        "bad_cep": "Este CEP não é válido. Escreva os 8 dígitos, por exemplo 01310-100.",
        "bad_regex": "A resposta não está no formato esperado. Confira, por favor.",
        "bad_options": "Por favor, escolha uma das opções.",
        "bad_media": "Por favor, envie uma foto, um vídeo, um áudio ou um documento.",
        "bad_location": "Por favor, envie a sua localização: toque em anexar e depois em Localização.",
        "number_under_min": "O número deve ser no mínimo {min}.",
        "number_over_max": "O número deve ser no máximo {max}.",
        "date_under_min": "A data deve ser {min} ou depois.",
        "date_over_max": "A data deve ser {max} ou antes.",
        "time_under_min": "O horário deve ser {min} ou depois.",
        "time_over_max": "O horário deve ser {max} ou antes.",
        "too_short": "A resposta é curta demais: escreva pelo menos {min} caracteres.",
        "too_long": "A resposta é longa demais: escreva no máximo {max} caracteres.",
    },
    "en": {
        "no_chatbot": "No chatbot is set up for this number.",
        "failure": "Sorry, something went wrong. Please try again.",
        "broken_flow": "Your message could not be processed. A person will take over.",
        "unknown_number": "This number is not registered. Please contact support.",
        "only_text": "For now I only understand text.",
        "opted_out": "Done, you will not get messages from us any more. Write START to come back.",
        "opted_in": "Done, you get our messages again.",
        "handed_off": "All right. A person will take it from here.",
        "ended": "The conversation is over. Write whenever you want to begin again.",
        "options_button": "See options",
        "bad_text": "Please write your answer.",
        "bad_number": "Please answer with a number, for example 18 or 18.5.",
        "bad_integer": "Please answer with a whole number, for example 3.",
        "bad_email": "This e-mail does not look right. Write it like this: name@example.com",
        "bad_phone": "This phone number does not look right. Write it with its area code.",
        "bad_date": "I did not understand the date. Write day/month/year, for example 25/12/2026.",
        "bad_time": "I did not understand the time. Write it like this: 15:30",
        "bad_url": "This address does not look right. Write it like this: https://example.com",
        "bad_yes_no": "Please answer yes or no.",
        "bad_cpf": "This CPF is not valid. Please check its 11 digits.",
        "bad_cnpj": "This CNPJ is not valid. Please check its 14 characters.",
        "bad_cep": "This CEP is not valid. Write its 8 digits, for example 01310-100.",
        "bad_regex": "The answer does not have the expected format. Please check it.",
        "bad_options": "Please choose one of the options.",
        "bad_media": "Please send a photo, a video, an audio or a document.",
        "bad_location": "Please send your location: tap attach, then Location.",
        "number_under_min": "The number must be at least {min}.",
        "number_over_max": "The number must be at most {max}.",
        "date_under_min": "The date must be {min} or later.",
        "date_over_max": "The date must be {max} or earlier.",
        "time_under_min": "The time must be {min} or later.",
        "time_over_max": "The time must be {max} or earlier.",
        "too_short": "The answer is too short: write at least {min} characters.",
        "too_long": "The answer is too long: write at most {max} characters.",
    },
}


def say(world: World, key: str, **values: Json) -> str:
    """Says a sentence of the platform's in the workspace's words or language; a key that does not exist is a bug."""
    own = TEXTS[world.locale if world.locale in TEXTS else DEFAULT_LOCALE][key]
    return PLACEHOLDER.sub(lambda found: _filled(found, values), world.texts.get(key) or own)


def placeholders(text: str) -> frozenset[str]:
    """Lists the names in braces that a sentence is filled with."""
    return frozenset(PLACEHOLDER.findall(text))


def _filled(found: re.Match[str], values: Mapping[str, Json]) -> str:
    return as_text(values[found[1]]) if found[1] in values else found[0]
