"""How the report says what is written otherwise now, in both languages."""

CHANGED: dict[str, dict[str, str]] = {
    "fields_moved": {
        "pt-BR": "Campos da raiz do nó passaram para “data”: {fields}.",
        "en": "Fields at the node's root moved into “data”: {fields}.",
    },
    "field_renamed": {
        "pt-BR": "“{old}” passou a ser “{new}”.",
        "en": "“{old}” became “{new}”.",
    },
    "value_read": {
        "pt-BR": "“{old}” em “{field}” foi lido como “{new}”.",
        "en": "“{old}” in “{field}” was read as “{new}”.",
    },
    "clamped": {
        "pt-BR": "“{field}” era {value}; aqui o limite é {limit}, e ficou {limit}.",
        "en": "“{field}” was {value}; the limit here is {limit}, and {limit} it is now.",
    },
    "id_made_text": {
        "pt-BR": "O id {id} passou a ser texto.",
        "en": "The id {id} became text.",
    },
    "type_read": {
        "pt-BR": "O tipo “{old}” foi lido como “{new}”.",
        "en": "The type “{old}” was read as “{new}”.",
    },
    "type_changed": {
        "pt-BR": "O nó “{old}” fazia o trabalho de “{new}” e virou esse tipo.",
        "en": "The node “{old}” did the work of “{new}” and became one.",
    },
    "node_added": {
        "pt-BR": "O nó “{id}” ({type}) foi criado para algo que este nó também fazia.",
        "en": "The node “{id}” ({type}) was made for something that this node did as well.",
    },
    "edge_named": {
        "pt-BR": "A ligação sem id recebeu o id “{id}”.",
        "en": "The edge without an id got the id “{id}”.",
    },
    "label_routes": {
        "pt-BR": "A ligação com o rótulo “{label}” sai agora da saída “{port}”.",
        "en": "The edge labelled “{label}” now leaves the port “{port}”.",
    },
    "handle_routes": {
        "pt-BR": "A ligação que saía de “{handle}” sai agora da saída “{port}”.",
        "en": "The edge that left “{handle}” now leaves the port “{port}”.",
    },
    "handle_dropped": {
        "pt-BR": "A ligação saía de “{handle}”; este nó tem uma só saída principal, e é dela que sai agora.",
        "en": "The edge left “{handle}”; this node has one main way out, which it leaves now.",
    },
    "edge_drawn": {
        "pt-BR": "O destino “{target}” da saída “{port}” estava nos campos do nó; agora é uma ligação.",
        "en": "The target “{target}” of the port “{port}” stood in the node's fields; now it is an edge.",
    },
    "edge_replaced": {
        "pt-BR": "A ligação sem nome até “{target}” repetia o destino de uma saída e foi retirada.",
        "en": "The unnamed edge to “{target}” repeated the target of a way out and was removed.",
    },
    "edge_twice": {
        "pt-BR": "Uma segunda ligação igual até “{target}” foi retirada.",
        "en": "A second, equal edge to “{target}” was removed.",
    },
    "goes_on": {
        "pt-BR": "Na origem o fluxo seguia mesmo assim: a saída “{port}” foi ligada a “{target}”.",
        "en": "Where this came from the flow went on all the same: the port “{port}” now leads to “{target}”.",
    },
    "released_goes_on": {
        "pt-BR": "A ligação depois da transferência vale agora quando a pessoa devolve a conversa (saída “released”).",
        "en": "The edge after the handoff now counts once the person gives the conversation back (port “released”).",
    },
    "platform_speaks": {
        "pt-BR": "Sem um texto próprio, o cliente lê a frase da plataforma quando a conversa passa a uma pessoa.",
        "en": "Without a text of its own the customer reads the platform's sentence when a person takes over.",
    },
    "start_skipped": {
        "pt-BR": "A ligação voltava ao início; agora vai direto a “{target}”, o nó depois dele.",
        "en": "The edge went back to the start; now it goes to “{target}”, the node after it.",
    },
    "laid_out": {
        "pt-BR": "{count} nós sem posição foram arrumados na tela.",
        "en": "{count} nodes without a position were laid out on the canvas.",
    },
    "text_mapped": {
        "pt-BR": "“{old}” se escreve aqui “{new}”.",
        "en": "“{old}” is written “{new}” here.",
    },
    "variable_renamed": {
        "pt-BR": "A variável “{old}” tem um nome que é do Recado e se chama agora “{new}”, em todo o fluxo.",
        "en": "The variable “{old}” has a name of Recado's own and is now called “{new}”, in the whole flow.",
    },
    "variable_set": {
        "pt-BR": "A variável inicial “{name}” passou do nó de início para o fluxo.",
        "en": "The initial variable “{name}” moved from the start node to the flow.",
    },
    "first_match_wins": {
        "pt-BR": "As {count} condições tinham saídas próprias e também “{operator}”; vale a primeira verdadeira, "
        "e “{operator}” não conta. Confira se é o que você queria.",
        "en": "The {count} conditions had ways out of their own and “{operator}” as well; the first that holds "
        "wins, and “{operator}” does not count. See whether that is what you wanted.",
    },
    "conditions_joined": {
        "pt-BR": "As {count} condições ligadas por “{operator}” são um só caso, pois as ligações só dizem sim ou não.",
        "en": "The {count} conditions joined by “{operator}” are one case, as the edges only say yes or no.",
    },
    "answer_checked": {
        "pt-BR": "A resposta agora é conferida e guardada como “{kind}”, não mais como o texto digitado.",
        "en": "The answer is now checked and kept as “{kind}”, no longer as the text that was typed.",
    },
    "date_kept": {
        "pt-BR": "A resposta agora é conferida e guardada como data, por exemplo 2026-12-31; os textos a mostram com "
        "{{{{ {variable} | date(…) }}}}.",
        "en": "The answer is now checked and kept as a date, such as 2026-12-31; texts show it by "
        "{{{{ {variable} | date(…) }}}}.",
    },
    "default_kept": {
        "pt-BR": "“{field}” não estava dito; ficou o valor que a origem usava: {value}.",
        "en": "“{field}” was not said; it got the value that counted where this came from: {value}.",
    },
    "text_is_caption": {
        "pt-BR": "O texto vai agora junto com a mídia, como legenda.",
        "en": "The text now goes together with the media, as its caption.",
    },
    "media_guessed": {
        "pt-BR": "O tipo do arquivo não estava dito; pelo endereço, é “{type}”.",
        "en": "The kind of file was not said; by its address it is “{type}”.",
    },
    "sql_bound": {
        "pt-BR": "Os valores na consulta agora vão à parte, sem risco de injeção: {names}.",
        "en": "The values in the query now travel apart from it, safe from injection: {names}.",
    },
    "kept_as_property": {
        "pt-BR": "“{field}” foi guardado como propriedade do evento.",
        "en": "“{field}” was kept as a property of the event.",
    },
    "kept_as_comment": {
        "pt-BR": "“{field}” foi guardado como comentário no código.",
        "en": "“{field}” was kept as a comment in the code.",
    },
    "kept_by_contact": {
        "pt-BR": "“{field}” pedia sempre o mesmo caminho; agora ele é sempre o mesmo por contato.",
        "en": "“{field}” asked for the same path each time; now it is always the same for a contact.",
    },
    "script_inputs": {
        "pt-BR": "O código recebe as variáveis que menciona: {names}.",
        "en": "The code gets the variables that it mentions: {names}.",
    },
    "inactivity_read": {
        "pt-BR": "As regras de inatividade passaram para as configurações do fluxo.",
        "en": "The rules for inactivity moved into the flow's settings.",
    },
}
