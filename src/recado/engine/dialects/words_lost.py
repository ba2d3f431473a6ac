"""How the report says what could not be carried over, and what the author can do about it, in both languages."""

LOST: dict[str, dict[str, str]] = {
    "not_kept": {
        "pt-BR": "O campo “{field}” não faz parte do documento e não foi guardado.",
        "en": "The field “{field}” is no part of the document and was not kept.",
    },
    "chatbots_own": {
        "pt-BR": "“{field}” é do chatbot e não do fluxo; marque-o lá.",
        "en": "“{field}” belongs to the chatbot, not to the flow; set it there.",
    },
    "said_twice": {
        "pt-BR": "“{field}” estava na raiz e em “data”; ficou o valor de “data”.",
        "en": "“{field}” stood at the root and in “data”; the value in “data” was kept.",
    },
    "said_otherwise": {
        "pt-BR": "“{field}” dizia outra coisa que “{kept}”, e ficou o valor de “{kept}”.",
        "en": "“{field}” said something else than “{kept}”, whose value was kept.",
    },
    "found_twice": {
        "pt-BR": "Havia nós também em “{place}”; foram lidos os de “{kept}”.",
        "en": "There were nodes in “{place}”, too; those in “{kept}” were read.",
    },
    "field_not_kept": {
        "pt-BR": "O campo “{field}” não tem lugar neste nó e não foi levado.",
        "en": "The field “{field}” has no place in this node and was not carried over.",
    },
    "value_not_read": {
        "pt-BR": "O valor do campo “{field}” não é do tipo esperado e não foi levado.",
        "en": "The value of the field “{field}” is not of the expected kind and was not carried over.",
    },
    "unknown_type": {
        "pt-BR": "O tipo de nó “{type}” não existe aqui; troque o nó por outro.",
        "en": "There is no node type “{type}” here; put another node in its place.",
    },
    "unknown_word": {
        "pt-BR": "“{value}” em “{field}” não tem correspondente aqui.",
        "en": "“{value}” in “{field}” has no counterpart here.",
    },
    "unknown_handle": {
        "pt-BR": "A ligação sai de “{handle}”, que não é uma saída deste nó; ligue-a de novo.",
        "en": "The edge leaves “{handle}”, which is no way out of this node; draw it again.",
    },
    "edge_to_nowhere": {
        "pt-BR": "A ligação de “{source}” a “{target}” levava a um nó que não existe e foi retirada.",
        "en": "The edge from “{source}” to “{target}” had an end that does not exist and was removed.",
    },
    "target_missing": {
        "pt-BR": "O destino “{target}” da saída “{port}” não existe.",
        "en": "The target “{target}” of the port “{port}” does not exist.",
    },
    "target_not_used": {
        "pt-BR": "Os campos do nó levavam a saída “{port}” a “{target}”; valeu a ligação desenhada.",
        "en": "The node's fields led the port “{port}” to “{target}”; the drawn edge counted.",
    },
    "edge_not_taken": {
        "pt-BR": "Outra ligação da mesma saída, até “{target}”, nunca era seguida e foi retirada.",
        "en": "Another edge of the same way out, to “{target}”, was never followed and was removed.",
    },
    "secret_needed": {
        "pt-BR": "O segredo de “{field}” não foi levado. Crie um segredo com o nome “{name}”, que o nó já usa.",
        "en": "The secret of “{field}” was not carried over. Create a secret named “{name}”, which the node already uses.",
    },
    "secret_dropped": {
        "pt-BR": "“{field}” parece um segredo e não foi levado.",
        "en": "“{field}” looks like a secret and was not carried over.",
    },
    "account_needed": {
        "pt-BR": "Crie uma conta de IA com o nome “{name}” ({provider}); a chave não foi levada.",
        "en": "Create an AI account named “{name}” ({provider}); the key was not carried over.",
    },
    "connection_needed": {
        "pt-BR": "Crie uma conexão com o nome “{name}” ({details}); a senha não foi levada.",
        "en": "Create a connection named “{name}” ({details}); the password was not carried over.",
    },
    "no_mongodb": {
        "pt-BR": "Não há MongoDB aqui. Troque este nó por uma chamada HTTP, ou por outro banco.",
        "en": "There is no MongoDB here. Put an HTTP call in this node's place, or another database.",
    },
    "no_python": {
        "pt-BR": "Código em {language} não roda aqui. Ficou como comentário; reescreva-o em JavaScript.",
        "en": "Code in {language} does not run here. It stays as a comment; write it again in JavaScript.",
    },
    "flow_by_name": {
        "pt-BR": "O fluxo “{name}” é de outro lugar; escolha aqui o fluxo de destino.",
        "en": "The flow “{name}” is from elsewhere; choose the target flow here.",
    },
    "flow_not_said": {
        "pt-BR": "O salto não diz para onde vai; escolha um nó ou um fluxo.",
        "en": "The jump does not say where it goes; choose a node or a flow.",
    },
    "context_kept": {
        "pt-BR": "O salto apagava as variáveis; aqui elas continuam. Apague-as com “definir variável”, se precisar.",
        "en": "The jump cleared the variables; here they stay. Clear them with “set variable” where needed.",
    },
    "status_not_kept": {
        "pt-BR": "O resultado deste nó não é mais guardado em “{variable}”.",
        "en": "What came of this node is no longer kept in “{variable}”.",
    },
    "variable_not_kept": {
        "pt-BR": "O valor é guardado só em “{kept}”, não mais também em “{variable}”.",
        "en": "The value is kept in “{kept}” only, no longer in “{variable}” as well.",
    },
    "not_cancelable": {
        "pt-BR": "A espera vai até o fim; se uma resposta deve encerrá-la, ligue “até o cliente responder”.",
        "en": "The delay runs to its end; if a reply is to end it, switch on “until the customer replies”.",
    },
    "always_advances": {
        "pt-BR": "O nó não seguia sozinho em frente; aqui uma mensagem sempre segue.",
        "en": "The node did not go on by itself; here a message always does.",
    },
    "always_required": {
        "pt-BR": "A resposta era opcional; aqui uma pergunta sempre espera por uma.",
        "en": "The answer was optional; here a question always waits for one.",
    },
    "stays_open": {
        "pt-BR": "A conversa ficava aberta depois do fim; aqui o fim encerra a sessão, e a próxima mensagem começa de novo.",
        "en": "The conversation stayed open after the end; here the end closes the session, and the next message begins anew.",
    },
    "no_summary": {
        "pt-BR": "O resumo automático (“{field}”) não existe aqui.",
        "en": "There is no automatic summary (“{field}”) here.",
    },
    "text_not_sent": {
        "pt-BR": "O texto de despedida estava desligado e não foi levado.",
        "en": "The parting text was switched off and was not carried over.",
    },
    "media_without_address": {
        "pt-BR": "A mídia do tipo “{type}” não tem endereço; ponha um arquivo.",
        "en": "The media of the kind “{type}” has no address; put a file there.",
    },
    "media_not_sent": {
        "pt-BR": "O endereço em “{field}” não era enviado, pois a mensagem é só de texto; não foi levado.",
        "en": "The address in “{field}” was not sent, as the message is of text only; it was not carried over.",
    },
    "location_without_place": {
        "pt-BR": "A localização não tem latitude e longitude; preencha-as.",
        "en": "The location has no latitude and longitude; fill them in.",
    },
    "options_not_shown": {
        "pt-BR": "As opções não valiam para o tipo de resposta “{kind}” e não foram levadas.",
        "en": "The options did not count for the kind of answer “{kind}” and were not carried over.",
    },
    "no_retry": {
        "pt-BR": "Novas tentativas automáticas (“{field}”) não existem neste nó; use a saída “error”.",
        "en": "This node does not try again by itself (“{field}”); use the port “error”.",
    },
    "no_cache": {
        "pt-BR": "O resultado não é mais guardado em cache (“{field}”); a consulta roda a cada visita.",
        "en": "The result is no longer cached (“{field}”); the query runs at each visit.",
    },
    "pick_team": {
        "pt-BR": "Confira se aqui existe a equipe “{name}”, ou escolha outra.",
        "en": "See that there is a team “{name}” here, or choose another.",
    },
    "pick_agent": {
        "pt-BR": "Confira se aqui existe o atendente “{name}”, ou escolha outro.",
        "en": "See that there is an agent “{name}” here, or choose another.",
    },
    "id_of_elsewhere": {
        "pt-BR": "“{field}” é um id de outro lugar e não foi levado.",
        "en": "“{field}” is an id from elsewhere and was not carried over.",
    },
    "trigger_not_kept": {
        "pt-BR": "O gatilho “{type}” não existe no nó de início; comece o fluxo pelo chatbot.",
        "en": "The start node has no trigger “{type}”; begin the flow by its chatbot.",
    },
    "integration_needed": {
        "pt-BR": "O modelo precisa de “{name}”: dê esse valor às variáveis do fluxo.",
        "en": "The template needs “{name}”: give the flow's variables that value.",
    },
    "window_not_kept": {
        "pt-BR": "A regra para depois de 24 horas ({details}) não foi levada; ponha um modelo do WhatsApp no fluxo.",
        "en": "The rule for after 24 hours ({details}) was not carried over; put a WhatsApp template into the flow.",
    },
    "switched_off": {
        "pt-BR": "“{field}” estava desligado e não foi levado.",
        "en": "“{field}” was switched off and was not carried over.",
    },
    "parameter_missing": {
        "pt-BR": "A consulta pede um valor que o nó não dava; preencha o parâmetro “{name}”.",
        "en": "The query wants a value that the node did not give; fill in the parameter “{name}”.",
    },
    "expression_as_text": {
        "pt-BR": "A expressão de “{variable}” foi levada como texto; confira a conta.",
        "en": "The expression of “{variable}” was carried over as text; see whether it still reckons.",
    },
    "not_json": {
        "pt-BR": "“{field}” não é JSON válido e não foi levado.",
        "en": "“{field}” is not valid JSON and was not carried over.",
    },
    "only_one_header": {
        "pt-BR": "Só o primeiro valor de “{field}” cabe no cabeçalho.",
        "en": "Only the first value of “{field}” fits into the header.",
    },
    "path_never_taken": {
        "pt-BR": "O caminho “{id}” tinha peso zero e não foi levado.",
        "en": "The path “{id}” had no weight and was not carried over.",
    },
}
