"""The sentences of an explanation, in Portuguese and English: what `explain.py` says about a turn.

Whole sentences stand here, parts of a sentence about a node in `wordings.py`. A test collects from the source every
note, fact, warning and reason that the engine can write, and asks for its words.
"""

from collections.abc import Mapping

Pair = tuple[str, str]  # pt-BR, en

# What the engine remarks about the event itself (`Run.remark`).
NOTES: Mapping[str, Pair] = {
    "answers_nothing": (
        "Esse tipo de mensagem não responde perguntas; ficou só no histórico.",
        "That kind of message answers no question; it is in the history only.",
    ),
    "command_end": (
        "A mensagem é o comando de encerrar.",
        "The message is the command to end.",
    ),
    "command_human": (
        "A mensagem é o comando que chama um atendente.",
        "The message is the command that asks for a person.",
    ),
    "command_menu": ("A mensagem é o comando do menu.", "The message is the command for the menu."),
    "command_restart": (
        "A mensagem é o comando de recomeçar.",
        "The message is the command to start over.",
    ),
    "command_start": (
        "A mensagem é o comando que volta a permitir mensagens nossas.",
        "The message is the command that allows our messages again.",
    ),
    "command_stop": (
        "A mensagem é o comando que recusa mensagens nossas.",
        "The message is the command that refuses our messages.",
    ),
    "return_too_large": (
        "Um valor devolvido era grande demais e não foi guardado.",
        "A returned value was too large and was not kept.",
    ),
    "double_tap": (
        "O cliente já tinha tocado nessa opção; o segundo toque não conta.",
        "The customer had already tapped that option; the second tap does not count.",
    ),
    "first_flow_missing": (
        "O fluxo em que a sessão começou não existe mais; ela fica no fluxo atual.",
        "The flow that the session began with is gone; it stays in the current one.",
    ),
    "gathering": (
        "A pergunta junta mensagens em sequência; o bot espera o cliente terminar.",
        "The question joins messages in a burst; the bot waits for the customer to finish.",
    ),
    "inactive": (
        "O cliente ficou em silêncio além do limite de inatividade.",
        "The customer was silent past the limit of inactivity.",
    ),
    "kept_pending": (
        "Nenhuma pergunta esperava resposta; a mensagem ficou guardada para a próxima.",
        "No question was waiting for a reply; the message is kept for the next one.",
    ),
    "late_message": (
        "A mensagem foi escrita antes de a pergunta sair; não responde a ela e fica em “late”.",
        "The message was written before the question went out; it does not answer it and is kept in “late”.",
    ),
    "late_tap_ignored": (
        "O toque é em uma pergunta anterior; foi ignorado.",
        "The tap is on an earlier question; it was ignored.",
    ),
    "late_tap_repeated": (
        "O toque é em uma pergunta anterior; o bot repetiu a pergunta atual.",
        "The tap is on an earlier question; the bot sent the current question again.",
    ),
    "migrated": (
        "A sessão está agora na nova versão.",
        "The session is in the new version now.",
    ),
    "node_removed": (
        "O nó em que a sessão estava não existe na nova versão.",
        "The node where the session stood does not exist in the new version.",
    ),
    "old_token": (
        "O aviso era de uma espera que já tinha acabado; não muda nada.",
        "The news was of a wait that was already over; it changes nothing.",
    ),
    "opted_out": (
        "O cliente recusou mensagens nossas, por isso o bot não continua por conta própria.",
        "The customer refused our messages, so the bot does not go on by itself.",
    ),
    "pending_full": (
        "Já havia mensagens demais guardadas; esta ficou só no histórico.",
        "Too many messages were kept already; this one is in the history only.",
    ),
    "reminded": (
        "O cliente estava em silêncio; o bot mandou o lembrete.",
        "The customer was silent; the bot sent the reminder.",
    ),
    "returned": (
        "Um fluxo chamado terminou e devolveu a sessão ao fluxo que o chamou.",
        "A called flow ended and gave the session back to the flow that called it.",
    ),
    "rewound": (
        "O toque é em uma pergunta anterior; a sessão voltou a ela com essa resposta.",
        "The tap is on an earlier question; the session went back to it with that answer.",
    ),
    "send_accepted": (
        "O WhatsApp aceitou a mensagem.",
        "WhatsApp accepted the message.",
    ),
    "session_over": (
        "A sessão já tinha terminado; não muda nada.",
        "The session was already over; nothing changes.",
    ),
    "silent_message": (
        "Reações, edições e avisos não são palavras do cliente; ficam só no histórico.",
        "Reactions, edits and notices are not the customer's words; they are in the history only.",
    ),
    "still_waiting": (
        "O tempo da espera ainda não acabou; a sessão continua esperando.",
        "The time of the delay is not over; the session keeps waiting.",
    ),
    "superseded": (
        "O cliente escreveu mais em seguida; só a última mensagem responde.",
        "The customer wrote more right after; only the last message answers.",
    ),
    "too_early": (
        "O tempo da espera ainda não chegou; não muda nada.",
        "The time of the wait had not come yet; nothing changes.",
    ),
    "with_a_person": (
        "Uma pessoa está com a conversa; o bot não responde.",
        "A person has the conversation; the bot does not answer.",
    ),
}

# Why the engine gave up (`Run.fail` and a node's `Fail`); also the reasons of a handoff.
FAILURES: Mapping[str, Pair] = {
    "caller_missing": (
        "O fluxo que chamou este não existe mais.",
        "The flow that called this one is gone.",
    ),
    "flow_not_published": (
        "O fluxo para onde o salto leva nunca foi publicado.",
        "The flow that the jump leads to was never published.",
    ),
    "loop_guard": (
        "O fluxo deu voltas demais sem ouvir o cliente e foi parado.",
        "The flow went round too often without hearing the customer and was stopped.",
    ),
    "no_edge_for_error": (
        "A saída “erro” não tem ligação.",
        "The port “error” has no edge.",
    ),
    "no_edge_for_invalid": (
        "As tentativas acabaram, e a saída “resposta inválida” não tem ligação.",
        "The attempts were used up, and the port “invalid answer” has no edge.",
    ),
    "no_edge_for_timeout": (
        "O tempo acabou, e a saída “tempo esgotado” não tem ligação.",
        "The time was over, and the port “time out” has no edge.",
    ),
    "no_option_chosen": (
        "As tentativas acabaram sem que o cliente escolhesse uma opção.",
        "The attempts were used up without an option being chosen.",
    ),
    "node_missing": (
        "O nó onde a sessão deveria continuar não existe.",
        "The node where the session should go on does not exist.",
    ),
    "send_refused": (
        "O WhatsApp recusou de vez a mensagem de que a sessão dependia.",
        "WhatsApp refused for good the message that the session depended on.",
    ),
    "callers_too_large": (
        "Os fluxos que chamaram este guardam variáveis demais.",
        "The flows that called this one keep too many variables.",
    ),
    "too_deep": (
        "Fluxos demais chamaram uns aos outros.",
        "Too many flows called one another.",
    ),
}

# Reasons of a handoff besides the failures.
HANDOFFS: Mapping[str, Pair] = {
    "asked": ("o cliente pediu um atendente", "the customer asked for a person"),
    "inactive": ("o cliente ficou em silêncio", "the customer was silent"),
    "handoff_node": ("o fluxo chegou a uma transferência", "the flow came to a handoff"),
}

# Why a call did not work: the `error` of a CallResult.
CALL_ERRORS: Mapping[str, Pair] = {
    "timeout": ("demorou demais", "it took too long"),
    "address_refused": (
        "o endereço não é permitido (rede interna ou não pública)",
        "the address is not allowed (an internal or non-public network)",
    ),
    "not_reached": ("o serviço não foi alcançado", "the service was not reached"),
    "bad_address": ("o endereço não é válido", "the address is not valid"),
    "bad_header": ("um cabeçalho não é válido", "a header is not valid"),
    "redirected": (
        "o serviço redirecionou para onde a chamada não pode ir",
        "the service redirected to where the call may not go",
    ),
    "bad_status": ("o serviço respondeu com um erro", "the service answered with an error"),
    "too_large": ("a resposta é grande demais", "the answer is too large"),
    "request_too_large": ("o pedido é grande demais", "the request is too large"),
    "value_in_host": (
        "um valor mudaria o servidor do endereço",
        "a value would change the host of the address",
    ),
    "value_in_path": (
        "um valor mudaria o caminho do endereço",
        "a value would change the path of the address",
    ),
    "interrupted": (
        "o servidor parou no meio da chamada, e não se sabe se ela chegou",
        "the server stopped in the middle of the call, and nobody knows whether it arrived",
    ),
    "broke": (
        "a chamada falhou por um defeito nosso; os registros do servidor dizem onde",
        "the call failed by a fault of ours; the server's log says where",
    ),
    "secret_missing": ("falta um segredo", "a secret is missing"),
    "file_missing": (
        "não há um banco SQLite com esse nome na pasta sqlite da pasta de dados",
        "there is no SQLite file of that name in the folder sqlite of the data folder",
    ),
    "connection_missing": ("a conexão não existe", "the connection does not exist"),
    "account_missing": ("a conta de IA não existe", "the AI account does not exist"),
    "smtp_missing": (
        "o servidor de e-mail não está configurado",
        "the mail server is not set up",
    ),
    "budget": ("o limite de uso de IA foi atingido", "the AI budget is used up"),
    "refused": ("a IA recusou o pedido", "the AI refused the request"),
    "bad_answer": ("a resposta não faz sentido", "the answer makes no sense"),
    "login_refused": (
        "o banco de dados recusou o usuário, a senha ou o nome do banco",
        "the database refused the user, the password or the database's name",
    ),
    "query_failed": ("o banco de dados recusou a consulta", "the database refused the query"),
    "not_sent": ("o e-mail não foi aceito", "the e-mail was not accepted"),
    "exception": ("o script falhou", "the script failed"),
    "memory": ("o script usou memória demais", "the script used too much memory"),
    "bad_result": ("o resultado do script não é JSON", "the script's result is not JSON"),
    "crashed": ("o script derrubou o seu processo", "the script crashed its process"),
}

# Warnings of a visit, by what stands before the colon.
WARNINGS: Mapping[str, Pair] = {
    "missing": (
        "A variável “{name}” não tinha valor e ficou vazia no texto.",
        "The variable “{name}” had no value and is empty in the text.",
    ),
    "text_truncated": (
        "O texto passou do limite e foi cortado.",
        "The text was over the limit and was cut.",
    ),
    "value_too_large": (
        "O valor de “{name}” era grande demais; a variável ficou vazia.",
        "The value of “{name}” was too large; the variable is empty.",
    ),
}

# Why a session is stopped from outside (`Stopped.reason`).
STOPS: Mapping[str, Pair] = {
    "expired": (
        "A sessão ficou tempo demais sem o cliente e venceu.",
        "The session went too long without the customer and expired.",
    ),
    "number_inactive": ("O número foi desativado.", "The number was deactivated."),
    "chatbot_inactive": (
        "O chatbot foi desativado ou excluído.",
        "The chatbot was deactivated or deleted.",
    ),
    "flow_broken": (
        "O fluxo não pôde mais rodar.",
        "The flow could not run any more.",
    ),
    "closed": ("A conversa foi encerrada por uma pessoa.", "A person closed the conversation."),
    "restarted": (
        "Uma pessoa mandou o bot recomeçar.",
        "A person told the bot to start over.",
    ),
}

ENDS: Mapping[str, Pair] = {
    "completed": ("A sessão terminou{outcome}.", "The session ended{outcome}."),
    "expired": ("A sessão venceu.", "The session expired."),
    "failed": ("A sessão falhou.", "The session failed."),
    "stopped": ("A sessão foi parada.", "The session was stopped."),
}
