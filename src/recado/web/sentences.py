"""What the API says when it refuses, in both languages; the code is stable, the sentence is for people."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from recado.engine.problems import Language
from recado.web.field_sentences import FIELD_SENTENCES

# code: (pt-BR, en)
SENTENCES: dict[str, tuple[str, str]] = {
    "ab_test_needs_two_flows": (
        "Um teste A/B precisa de pelo menos dois fluxos.",
        "An A/B test needs at least two flows.",
    ),
    "ai_account_exists": (
        "Este espaço de trabalho já tem uma conta de IA com o nome “{name}”.",
        "This workspace already has an AI account with the name “{name}”.",
    ),
    "already_set_up": (
        "Esta instalação já foi configurada.",
        "This installation is already set up.",
    ),
    "bad_base_url": (
        "O endereço precisa ser http ou https, sem usuário, sem “?” e sem “#”, como https://api.openai.com/v1.",
        "The address must be http or https, without a user, “?” or “#”, such as https://api.openai.com/v1.",
    ),
    "bad_calendar": (
        "O calendário não é válido: {reason}.",
        "The calendar is not valid: {reason}.",
    ),
    "bad_credentials": (
        "E-mail ou senha incorretos.",
        "The e-mail or the password is wrong.",
    ),
    "bad_cursor": ("O cursor não é válido.", "The cursor is not valid."),
    "bad_story": (
        "A história do teste não é válida: {reason_pt}.",
        "The test's story is not valid: {reason}.",
    ),
    "flow_cannot_be_tested": (
        "O fluxo, ou um a que ele leva, tem erros: {reason}",
        "The flow, or one that it leads to, has errors: {reason}",
    ),
    "flow_test_exists": (
        "Este fluxo já tem um teste com o nome “{name}”.",
        "This flow already has a test with the name “{name}”.",
    ),
    "too_many_flow_tests": (
        "Um fluxo pode ter no máximo {limit} testes.",
        "A flow may have at most {limit} tests.",
    ),
    "bad_file_name": (
        "O banco SQLite é só o nome de um arquivo na pasta sqlite, como loja.db.",
        "A SQLite database is just the name of a file in the folder sqlite, such as loja.db.",
    ),
    "bad_host": (
        "O servidor precisa ser um nome como db.example.com ou um endereço IP, sem porta.",
        "The host must be a name such as db.example.com or an IP address, without a port.",
    ),
    "bad_request": ("A requisição não pôde ser lida.", "The request could not be read."),
    "bad_setup_token": (
        "O código de instalação não confere; ele aparece no terminal em que o servidor foi iniciado.",
        "The set-up token is wrong; it is printed in the terminal where the server was started.",
    ),
    "bad_signature": (
        "A assinatura X-Hub-Signature-256 não confere com o app secret deste número.",
        "The signature X-Hub-Signature-256 does not fit the number's app secret.",
    ),
    "body_cut_off": (
        "A conexão terminou no meio do corpo da requisição.",
        "The connection ended in the middle of the request body.",
    ),
    "body_too_slow": (
        "O corpo da requisição demorou demais a chegar.",
        "The request body took too long to arrive.",
    ),
    "body_too_large": (
        "O corpo da requisição passa de {limit} bytes.",
        "The request body is larger than {limit} bytes.",
    ),
    "busy": (
        "O servidor está ocupado. Tente de novo em instantes.",
        "The server is busy. Try again in a moment.",
    ),
    "secret_exists": (
        "Este espaço de trabalho já tem um segredo com o nome “{name}”.",
        "This workspace already has a secret with the name “{name}”.",
    ),
    "calendar_exists": (
        "Este espaço de trabalho já tem um calendário com o nome “{name}”.",
        "This workspace already has a calendar with the name “{name}”.",
    ),
    "changed_meanwhile": (
        "Alguém mudou isto ao mesmo tempo. Recarregue e tente de novo.",
        "Somebody changed this at the same moment. Reload and try again.",
    ),
    "connection_exists": (
        "Este espaço de trabalho já tem uma conexão com o nome “{name}”.",
        "This workspace already has a connection with the name “{name}”.",
    ),
    "conversation_closed": (
        "Esta conversa está encerrada; nela o bot só pode recomeçar do início.",
        "This conversation is closed; the bot can only begin anew in it.",
    ),
    "csrf_missing": (
        "Falta o cabeçalho X-CSRF-Token desta sessão.",
        "This session's X-CSRF-Token header is missing or wrong.",
    ),
    "document_refused": (
        "O documento do fluxo não pôde ser lido.",
        "The flow's document could not be read.",
    ),
    "fallback_exists": (
        "O espaço de trabalho já tem um chatbot de fallback: “{name}”.",
        "The workspace already has a fallback chatbot: “{name}”.",
    ),
    "flow_has_errors": (
        "O rascunho foi salvo, mas não publicado: o fluxo tem erros.",
        "The draft is saved but not published: the flow has errors.",
    ),
    "flow_id_for_chatbot": (
        "“{flow_id}” é o id de um fluxo. Use o id do chatbot dele: “{chatbot_name}” ({chatbot_id}).",
        "“{flow_id}” is a flow's id. Use the id of its chatbot: “{chatbot_name}” ({chatbot_id}).",
    ),
    "flow_id_without_chatbot": (
        "“{flow_id}” é o id de um fluxo que não pertence a nenhum chatbot. Crie um chatbot com ele.",
        "“{flow_id}” is the id of a flow that belongs to no chatbot. Make a chatbot with it.",
    ),
    "flow_needs_chatbot": (
        "Só um fluxo que pertence a um chatbot pode ser o principal.",
        "Only a flow that belongs to a chatbot can be the main one.",
    ),
    "forbidden": (
        "Seu papel neste espaço de trabalho não permite isto.",
        "Your role in this workspace does not allow this.",
    ),
    "host_missing": (
        "Falta o servidor do banco de dados.",
        "The database's host is missing.",
    ),
    "internal": (
        "Algo deu errado do nosso lado. Informe o código {request_id} ao suporte.",
        "Something went wrong on our side. Give the code {request_id} to support.",
    ),
    "invalid": (
        "Há campos que não são válidos.",
        "There are fields that are not valid.",
    ),
    "invalid_json": ("O corpo não é JSON válido.", "The body is not valid JSON."),
    "invalid_phone": (
        "“{value}” não é um número de telefone.",
        "“{value}” is not a phone number.",
    ),
    "key_again": (
        "Para mudar o endereço, informe a chave de novo.",
        "To change the address, give the key again.",
    ),
    "method_not_allowed": (
        "Este endereço não aceita esse método.",
        "This address does not take that method.",
    ),
    "no_session": (
        "Nenhuma sessão está aberta nesta conversa; ela só pode continuar do início.",
        "No session is open in this conversation; it can only go on from the start.",
    ),
    "node_missing": ("Falta dizer em qual nó continuar.", "Say at which node to go on."),
    "no_json": ("O corpo não é JSON.", "The body is not JSON."),
    "no_object": (
        "O corpo não é um objeto JSON.",
        "The body is not a JSON object.",
    ),
    "not_taken": (
        "O servidor não pôde guardar isto agora. Envie de novo em instantes.",
        "The server could not store this now. Send it again in a moment.",
    ),
    "not_a_member": (
        "Você não faz parte desse espaço de trabalho.",
        "You are not a member of that workspace.",
    ),
    "not_found": ("Não encontrado.", "Not found."),
    "number_exists": (
        "Este espaço de trabalho já tem o número {phone_number}.",
        "This workspace already has the number {phone_number}.",
    ),
    "number_not_ready": (
        "O número ainda não pode ficar ativo; falta: {missing}.",
        "The number cannot be active yet; missing: {missing}.",
    ),
    "password_again": (
        "Para mudar aonde a conexão leva, informe a senha de novo.",
        "To change where the connection leads, give the password again.",
    ),
    "phone_number_id_taken": (
        "Outro número já usa este phone_number_id.",
        "Another number already uses this phone_number_id.",
    ),
    "verify_token_is_admins": (
        "O token de verificação só muda por quem administra o espaço de trabalho.",
        "Only those who administer the workspace change the verify token.",
    ),
    "setup_needed": (
        "Esta instalação ainda não foi configurada.",
        "This installation is not set up yet.",
    ),
    "stale_revision": (
        "O fluxo mudou desde que você o abriu (agora na revisão {current}).",
        "The flow has changed since you opened it (now at revision {current}).",
    ),
    "too_deep": (
        "O JSON tem objetos demais um dentro do outro.",
        "The JSON is nested too deep.",
    ),
    "too_many_attempts": (
        "Tentativas demais. Tente de novo em {seconds} segundos.",
        "Too many attempts. Try again in {seconds} seconds.",
    ),
    "too_slow": (
        "A consulta demorou demais. Restrinja os filtros e tente de novo.",
        "The query took too long. Narrow the filters and try again.",
    ),
    "too_many_secrets": (
        "Um espaço de trabalho pode ter no máximo {limit} segredos.",
        "A workspace can have at most {limit} secrets.",
    ),
    "too_many_calendars": (
        "Um espaço de trabalho pode ter no máximo {limit} calendários.",
        "A workspace can have at most {limit} calendars.",
    ),
    "unauthenticated": (
        "Entre para continuar.",
        "Sign in to go on.",
    ),
    "unavailable": (
        "O banco de dados não está disponível. Tente de novo em instantes.",
        "The database is not available. Try again in a moment.",
    ),
    "unknown_node": (
        "O fluxo não tem o nó “{node}”.",
        "The flow has no node “{node}”.",
    ),
    "unknown_reference": (
        "Não existe neste espaço de trabalho: {id}.",
        "Does not exist in this workspace: {id}.",
    ),
    "wrong_verify_token": (
        "O token de verificação não é de nenhum número neste endereço.",
        "The verify token is none of a number at this address.",
    ),
    "workspace_id_invalid": (
        "X-Workspace-Id não é um id.",
        "X-Workspace-Id is not an id.",
    ),
}


def language_of(accept_language: str) -> Language:
    """Reads which of our languages a browser prefers; Portuguese is the default."""
    return "en" if accept_language.strip().lower().startswith("en") else "pt-BR"


def spoken(request: Request) -> Language:
    """Gives the language that a request asks for."""
    return language_of(request.headers.get("accept-language", ""))


def say(code: str, params: Mapping[str, Any], language: Language) -> str:
    """Says why the API refuses."""
    shown = {key: ", ".join(v) if isinstance(v, list) else v for key, v in params.items()}
    return SENTENCES[code][language == "en"].format_map(shown)


def say_field(kind: str, english: str, context: Mapping[str, Any], language: Language) -> str:
    """Says what is wrong with a field; `english` is pydantic's own sentence."""
    if language == "en" or kind not in FIELD_SENTENCES:
        return english
    return FIELD_SENTENCES[kind].format_map(context)
