"""The author's mistakes, found before a customer meets them: a code, a place, and a sentence in both languages."""

from typing import Literal

import msgspec

from recado.engine.events import Json
from recado.engine.problem_words import WORDS
from recado.engine.problem_words_calls import CALL_WORDS
from recado.engine.problem_words_whatsapp import WHATSAPP_WORDS

SENTENCES: dict[str, dict[str, str]] = {
    "no_start": {
        "pt-BR": "O fluxo não tem um nó de início.",
        "en": "The flow has no start node.",
    },
    "two_starts": {
        "pt-BR": "O fluxo só pode ter um nó de início.",
        "en": "The flow may have only one start node.",
    },
    "unknown_type": {
        "pt-BR": "O tipo de nó “{type}” não existe.",
        "en": "There is no node type “{type}”.",
    },
    "bad_field": {
        "pt-BR": "O campo “{field}” não é válido: {reason_pt}.",
        "en": "The field “{field}” is not valid: {reason_en}.",
    },
    "unknown_field": {
        "pt-BR": "O campo “{field}” não existe neste tipo de nó.",
        "en": "There is no field “{field}” in this node type.",
    },
    "missing_field": {
        "pt-BR": "O campo “{field}” precisa ser preenchido.",
        "en": "The field “{field}” must be filled in.",
    },
    "bad_settings": {
        "pt-BR": "As configurações do fluxo não são válidas: {reason}.",
        "en": "The flow's settings are not valid: {reason}.",
    },
    "node_id_twice": {
        "pt-BR": "Há mais de um nó com o id “{id}”.",
        "en": "There is more than one node with the id “{id}”.",
    },
    "edge_id_twice": {
        "pt-BR": "Há mais de uma ligação com o id “{id}”.",
        "en": "There is more than one edge with the id “{id}”.",
    },
    "edge_from_nowhere": {
        "pt-BR": "A ligação “{id}” sai de um nó que não existe.",
        "en": "The edge “{id}” leaves a node that does not exist.",
    },
    "edge_to_nowhere": {
        "pt-BR": "A ligação “{id}” leva a um nó que não existe.",
        "en": "The edge “{id}” leads to a node that does not exist.",
    },
    "edge_to_start": {
        "pt-BR": "A ligação “{id}” volta ao nó de início; ligue-a ao nó seguinte.",
        "en": "The edge “{id}” goes back to the start node; lead it to the node after it.",
    },
    "unknown_port": {
        "pt-BR": "A ligação “{id}” sai de uma saída que não existe: “{port}”.",
        "en": "The edge “{id}” leaves a port that does not exist: “{port}”.",
    },
    "port_twice": {
        "pt-BR": "A saída “{port}” tem mais de uma ligação.",
        "en": "The port “{port}” has more than one edge.",
    },
    "bad_template": {
        "pt-BR": "O texto do campo “{field}” tem um {{{{…}}}} que não se entende: {reason_pt}.",
        "en": "The text of the field “{field}” has a {{{{…}}}} that cannot be read: {reason_en}.",
    },
    "text_too_long": {
        "pt-BR": "O texto do campo “{field}” tem {length} caracteres; o WhatsApp aceita {limit}.",
        "en": "The text of the field “{field}” has {length} characters; WhatsApp takes {limit}.",
    },
    "titles_equal": {
        "pt-BR": "As opções “{first}” e “{second}” são iguais para quem digita.",
        "en": "The options “{first}” and “{second}” are the same for somebody who types.",
    },
    "option_twice": {
        "pt-BR": "O valor “{value}” aparece em mais de uma opção.",
        "en": "The value “{value}” stands in more than one option.",
    },
    "reserved_variable": {
        "pt-BR": "“{name}” é um nome do Recado; escolha outro nome de variável.",
        "en": "“{name}” is a name of Recado's own; choose another name for the variable.",
    },
    "bad_pattern": {
        "pt-BR": "A expressão regular do campo “{field}” não é válida: {reason}.",
        "en": "The regular expression in the field “{field}” is not valid: {reason}.",
    },
    "jump_to_nothing": {
        "pt-BR": "O salto precisa de um nó ou de um fluxo, e só de um deles.",
        "en": "The jump needs a node or a flow, and only one of them.",
    },
    "jump_to_missing_node": {
        "pt-BR": "O salto leva a um nó que não existe: “{target}”.",
        "en": "The jump leads to a node that does not exist: “{target}”.",
    },
    "delay_too_long": {
        "pt-BR": "A espera pode ter no máximo {days} dias.",
        "en": "The delay may be at most {days} days.",
    },
    "too_many_rows": {
        "pt-BR": "A lista tem {rows} itens; o WhatsApp aceita 10.",
        "en": "The list has {rows} rows; WhatsApp takes 10.",
    },
    "section_without_title": {
        "pt-BR": "Com mais de uma seção, cada seção precisa de um título.",
        "en": "With more than one section, every section needs a title.",
    },
    "one_source": {
        "pt-BR": "A mídia precisa de um endereço ou de um id, e só de um deles.",
        "en": "The media needs a URL or an id, and only one of them.",
    },
    "bad_address": {
        "pt-BR": "O endereço do campo “{field}” precisa começar com http:// ou https://.",
        "en": "The address in the field “{field}” must begin with http:// or https://.",
    },
    "caption_not_shown": {
        "pt-BR": "O WhatsApp não mostra legenda aqui; use o campo de texto.",
        "en": "WhatsApp shows no caption here; use the text field.",
    },
    "header_twice": {
        "pt-BR": "O cabeçalho pode ter um texto ou uma mídia, não os dois.",
        "en": "The header may have a text or media, not both.",
    },
    "header_takes_text": {
        "pt-BR": "O cabeçalho de uma lista só pode ser um texto.",
        "en": "The header of a list can only be a text.",
    },
    "header_takes_no": {
        "pt-BR": "O cabeçalho aceita imagem, vídeo ou documento, não {type}.",
        "en": "The header takes an image, a video or a document, not {type}.",
    },
    "option_without_title": {
        "pt-BR": "A opção “{value}” precisa de um título.",
        "en": "The option “{value}” needs a title.",
    },
    "media_not_asked": {
        "pt-BR": "O campo “{field}” só vale quando o tipo de resposta é mídia.",
        "en": "The field “{field}” only counts where the kind of answer is media.",
    },
    "bad_option_id": {
        "pt-BR": "O id “{value}” não pode começar nem terminar com espaço, nem ter quebra de linha.",
        "en": "The id “{value}” may not begin or end with a blank, nor have a line break.",
    },
    "bad_degrees": {
        "pt-BR": "O campo “{field}” precisa ser um número entre -{most} e {most}.",
        "en": "The field “{field}” must be a number from -{most} to {most}.",
    },
    "unknown_timezone": {
        "pt-BR": "O fuso horário “{name}” não existe; escreva-o como America/Sao_Paulo.",
        "en": "There is no time zone “{name}”; write it like America/Sao_Paulo.",
    },
    "bad_date_format": {
        "pt-BR": "O formato de data não aceita “{directive}”.",
        "en": "The date format does not take “{directive}”.",
    },
    "date_format_without_day": {
        "pt-BR": "Para ler uma data, o formato precisa de dia (%d), mês (%m) e ano (%Y).",
        "en": "To read a date, the format needs day (%d), month (%m) and year (%Y).",
    },
    "not_a_number": {
        "pt-BR": "O campo “{field}” precisa ser um número, ou um texto com {{{{…}}}}.",
        "en": "The field “{field}” must be a number, or a text with {{{{…}}}}.",
    },
    "nothing_to_say": {
        "pt-BR": "A mensagem precisa de um texto, uma mídia, um local ou contatos.",
        "en": "The message needs a text, media, a location or contacts.",
    },
    "endless_loop": {
        "pt-BR": "Este nó faz parte de um laço sem espera nem escolha: {nodes}.",
        "en": "This node is part of a loop with neither a wait nor a choice: {nodes}.",
    },
    "unreachable": {
        "pt-BR": "Nenhum caminho leva a este nó.",
        "en": "No path leads to this node.",
    },
    "port_without_edge": {
        "pt-BR": "A saída “{port}” não tem ligação: {consequence_pt}.",
        "en": "The port “{port}” has no edge: {consequence_en}.",
    },
    "flow_too_large": {
        "pt-BR": "O fluxo é grande demais: {reason}.",
        "en": "The flow is too large: {reason}.",
    },
    "bad_expression": {
        "pt-BR": "A expressão do campo “{field}” não está certa: {reason_pt}.",
        "en": "The expression of the field “{field}” is not right: {reason_en}.",
    },
    "rule_or_expression": {
        "pt-BR": "O caso “{value}” precisa de regras ou de uma expressão, e só de um dos dois.",
        "en": "The case “{value}” needs rules or an expression, and only one of the two.",
    },
    "bad_path": {
        "pt-BR": "O caminho “{path}” não se entende: {reason_pt}.",
        "en": "The path “{path}” cannot be understood: {reason_en}.",
    },
    "bad_json": {
        "pt-BR": "O corpo não é JSON; confira aspas, vírgulas e chaves.",
        "en": "The body is not JSON; check its quotes, commas and braces.",
    },
    "bad_form": {
        "pt-BR": "O corpo precisa ter a forma nome=valor&nome=valor.",
        "en": "The body must have the form name=value&name=value.",
    },
    "nothing_to_save": {
        "pt-BR": "Esta ação não guarda nada: preencha nome, e-mail, telefone ou campos.",
        "en": "This action saves nothing: fill in a name, an e-mail address, a phone number or fields.",
    },
    "bad_recipient": {
        "pt-BR": "“{name}” não é um endereço de e-mail.",
        "en": "“{name}” is not an e-mail address.",
    },
    "too_many_recipients": {
        "pt-BR": "O e-mail tem {count} destinatários; no máximo são {limit}.",
        "en": "The e-mail has {count} recipients; the most are {limit}.",
    },
    "placeholder_in_code": {
        "pt-BR": "Em um script, “{name}” já é a variável; entre chaves duplas ninguém a preenche.",
        "en": "In a script “{name}” is the variable already; nobody fills it in between double braces.",
    },
}

SENTENCES |= WORDS | WHATSAPP_WORDS | CALL_WORDS

Language = Literal["pt-BR", "en"]


class Problem(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One mistake. `field` is a path into the node's `data`, such as `options.0.label`; errors stop a publish."""

    code: str
    severity: Literal["error", "warning"] = "error"
    node: str | None = None
    edge: str | None = None
    field: str | None = None
    params: dict[str, Json] = {}

    def say(self, language: Language = "pt-BR") -> str:
        """Says the mistake in a sentence that an author understands."""
        return SENTENCES[self.code][language].format_map({"field": self.field, **self.params})


def warning(
    code: str, *, node: str | None = None, field: str | None = None, **params: Json
) -> Problem:
    """Makes a problem that stops no publish."""
    return Problem(code=code, severity="warning", node=node, field=field, params=params)


def has_errors(problems: tuple[Problem, ...]) -> bool:
    """Says whether any of the problems stops a publish."""
    return any(problem.severity == "error" for problem in problems)
