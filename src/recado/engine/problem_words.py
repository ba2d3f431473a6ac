"""The sentences of problems that only the ways through a flow, or the workspace around it, show; and of misspellings."""

WORDS: dict[str, dict[str, str]] = {
    "misspelt_type": {
        "pt-BR": "O tipo de nó “{type}” não existe; você quis dizer “{meant}”?",
        "en": "There is no node type “{type}”; did you mean “{meant}”?",
    },
    "misspelt_port": {
        "pt-BR": "A ligação “{id}” sai de uma saída que não existe: “{port}”; você quis dizer “{meant}”?",
        "en": "The edge “{id}” leaves a port that does not exist: “{port}”; did you mean “{meant}”?",
    },
    "misspelt_target": {
        "pt-BR": "A ligação “{id}” leva a um nó que não existe: “{target}”; você quis dizer “{meant}”?",
        "en": "The edge “{id}” leads to a node that does not exist: “{target}”; did you mean “{meant}”?",
    },
    "misspelt_value": {
        "pt-BR": "O campo “{field}” não aceita “{value}”; você quis dizer “{meant}”?",
        "en": "The field “{field}” does not take “{value}”; did you mean “{meant}”?",
    },
    "default_edge_unused": {
        "pt-BR": "A ligação “{id}” não diz por qual saída sai, e este nó não tem saída principal: ninguém passa por ela.",
        "en": "The edge “{id}” does not say which port it leaves by, and this node has no main port: nobody goes along it.",
    },
    "misspelt_field": {
        "pt-BR": "O campo “{field}” não existe neste tipo de nó; você quis dizer “{meant}”?",
        "en": "There is no field “{field}” in this node type; did you mean “{meant}”?",
    },
    "too_many_items": {
        "pt-BR": "O campo “{field}” tem {count} itens; cabem {limit}.",
        "en": "The field “{field}” has {count} items; it takes {limit}.",
    },
    "may_pass_limit": {
        "pt-BR": "Depois de preenchido, o texto do campo “{field}” pode passar de {limit} caracteres e ser cortado.",
        "en": "Once filled in, the text of the field “{field}” may be longer than {limit} characters and be cut.",
    },
    "secret_not_allowed": {
        "pt-BR": "O campo “{field}” não pode usar um segredo.",
        "en": "The field “{field}” may not use a secret.",
    },
    "secret_not_alone": {
        "pt-BR": "Um segredo fica sozinho entre as chaves, sem filtros: {{{{secret.NOME}}}}.",
        "en": "A secret stands alone between the braces, without filters: {{{{secret.NAME}}}}.",
    },
    "variable_never_set": {
        "pt-BR": "Nada neste fluxo define a variável “{name}”, usada em “{field}”.",
        "en": "Nothing in this flow sets the variable “{name}”, which “{field}” uses.",
    },
    "variable_misspelt": {
        "pt-BR": "Nada neste fluxo define a variável “{name}”; você quis dizer “{meant}”?",
        "en": "Nothing in this flow sets the variable “{name}”; did you mean “{meant}”?",
    },
    "variable_unset_on_some_way": {
        "pt-BR": "Há um caminho até este nó em que a variável “{name}” ainda não tem valor.",
        "en": "There is a way to this node on which the variable “{name}” has no value yet.",
    },
    "no_time_limit": {
        "pt-BR": "Sem tempo limite, a conversa fica parada aqui se o cliente não responder.",
        "en": "Without a time limit the conversation stays here if the customer does not reply.",
    },
    "outside_window": {
        "pt-BR": "Aqui podem ter passado {hours} horas desde a última mensagem do cliente: depois de 24 horas o WhatsApp "
        "só aceita modelos.",
        "en": "{hours} hours may have gone by here since the customer's last message: after 24 hours WhatsApp only takes "
        "templates.",
    },
    "many_in_a_row": {
        "pt-BR": "Até aqui o bot manda mais de {most} mensagens seguidas, e cada uma é cobrada.",
        "en": "Up to here the bot sends more than {most} messages in a row, and each is billed.",
    },
    "loop_without_reply": {
        "pt-BR": "Este laço dá voltas sem esperar uma resposta do cliente: {nodes}.",
        "en": "This loop goes round without waiting for a reply of the customer: {nodes}.",
    },
    "no_way_to_a_person": {
        "pt-BR": "Nenhum caminho deste fluxo leva a uma pessoa; a Meta pede que haja um.",
        "en": "No way through this flow leads to a person; Meta asks for one.",
    },
    "unknown_secret": {
        "pt-BR": "O segredo “{name}” não existe neste espaço de trabalho.",
        "en": "There is no secret “{name}” in this workspace.",
    },
    "unknown_connection": {
        "pt-BR": "A conexão “{name}” não existe neste espaço de trabalho.",
        "en": "There is no connection “{name}” in this workspace.",
    },
    "unknown_account": {
        "pt-BR": "A conta de IA “{name}” não existe neste espaço de trabalho.",
        "en": "There is no AI account “{name}” in this workspace.",
    },
    "unknown_calendar": {
        "pt-BR": "O calendário “{name}” não existe neste espaço de trabalho.",
        "en": "There is no calendar “{name}” in this workspace.",
    },
    "unknown_template": {
        "pt-BR": "O modelo “{name}” não existe; sincronize os modelos se ele já foi criado na Meta.",
        "en": "There is no template “{name}”; sync the templates if it was made at Meta already.",
    },
    "unknown_flow": {
        "pt-BR": "O fluxo de destino não existe neste espaço de trabalho.",
        "en": "The flow that this leads to does not exist in this workspace.",
    },
    "flow_never_published": {
        "pt-BR": "O fluxo de destino ainda não foi publicado: chegar aqui é uma falha.",
        "en": "The flow that this leads to was never published: coming here fails.",
    },
}
