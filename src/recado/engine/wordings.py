"""The words of an explanation about one node: what it compared, judged and did, and where it led.

Each is a part of a sentence whose subject is the node; whole sentences stand in `reasons.py`.
"""

from collections.abc import Mapping

Pair = tuple[str, str]  # pt-BR, en

# What a node notes (`Visit.note`), by the names of the facts.
FACTS: Mapping[frozenset[str], Pair] = {
    frozenset({"variable", "left", "operator", "right", "holds"}): (
        "comparou {variable} ({left}) {operator}{right}: {holds}",
        "compared {variable} ({left}) {operator}{right}: {holds}",
    ),
    frozenset({"left", "operator", "right", "holds"}): (
        "comparou {left} {operator}{right}: {holds}",
        "compared {left} {operator}{right}: {holds}",
    ),
    frozenset({"calendar", "open", "rule", "name"}): (
        "consultou o calendário “{calendar}”: {open}, {rule}{name}",
        "asked the calendar “{calendar}”: {open}, {rule}{name}",
    ),
    frozenset({"operation", "impossible"}): (
        "não conseguiu fazer a conta: {impossible}",
        "could not do its sum: {impossible}",
    ),
    frozenset({"answer", "option"}): (
        "entendeu “{answer}” como a opção “{option}”",
        "took “{answer}” for the option “{option}”",
    ),
    frozenset({"answer", "no_option"}): (
        "não achou “{answer}” entre as opções",
        "did not find “{answer}” among the options",
    ),
    frozenset({"answer", "refused"}): (
        "recusou a resposta “{answer}”: {refused}",
        "refused the answer “{answer}”: {refused}",
    ),
    frozenset({"luck", "path", "sticky"}): (
        "sorteou o caminho “{path}”{sticky}",
        "drew the path “{path}”{sticky}",
    ),
    frozenset({"variable", "uncountable"}): (
        "não contou {uncountable} em {variable}, porque o número ficaria grande demais; a variável ficou como estava",
        "did not count {uncountable} on {variable}, because the number would be too large; the variable is as it was",
    ),
    frozenset({"variable", "not_a"}): (
        "não conseguiu ler o valor de {variable} como {not_a} e guardou o texto",
        "could not read the value of {variable} as {not_a} and kept the text",
    ),
    frozenset({"expression", "read", "holds"}): (
        "avaliou {expression}{read}: {holds}",
        "evaluated {expression}{read}: {holds}",
    ),
    frozenset({"expression", "read", "failed"}): (
        "não conseguiu avaliar {expression}{read}: {failed}",
        "could not evaluate {expression}{read}: {failed}",
    ),
    frozenset({"variable", "expression", "read"}): (
        "calculou {variable} por {expression}{read}",
        "calculated {variable} by {expression}{read}",
    ),
    frozenset({"variable", "expression", "read", "failed"}): (
        "não conseguiu calcular {variable} por {expression}{read}: {failed}; a variável ficou como estava",
        "could not calculate {variable} by {expression}{read}: {failed}; the variable is as it was",
    ),
    frozenset({"method", "host"}): ("chamou {host} ({method})", "called {host} ({method})"),
    frozenset({"not_called"}): (
        "não fez a chamada: {not_called}",
        "did not make the call: {not_called}",
    ),
    frozenset({"status", "ms"}): (
        "recebeu a resposta {status} em {ms} ms",
        "got the answer {status} in {ms} ms",
    ),
    frozenset({"script_said"}): ("o script disse {script_said}", "the script said {script_said}"),
    frozenset({"rows", "ms"}): (
        "recebeu {rows} linha(s) em {ms} ms",
        "got {rows} row(s) in {ms} ms",
    ),
    frozenset({"database_said"}): (
        "ouviu do banco de dados: “{database_said}”",
        "was told by the database: “{database_said}”",
    ),
    frozenset({"tokens", "ms"}): (
        "usou {tokens} tokens em {ms} ms",
        "used {tokens} tokens in {ms} ms",
    ),
    frozenset({"model_said"}): (
        "ouviu da IA: “{model_said}”",
        "was told by the AI: “{model_said}”",
    ),
    frozenset({"nothing_at"}): (
        "não achou nada em “{nothing_at}” na resposta",
        "found nothing at “{nothing_at}” in the answer",
    ),
    frozenset({"unattended"}): (
        "esperou {unattended} s, e ninguém assumiu a conversa",
        "waited {unattended} s, and nobody took the conversation",
    ),
    frozenset({"tagged"}): ("pôs a etiqueta {tagged}", "put on the tag {tagged}"),
    frozenset({"untagged"}): ("tirou a etiqueta {untagged}", "took off the tag {untagged}"),
    frozenset({"saved"}): ("guardou no contato: {saved}", "saved on the contact: {saved}"),
    frozenset({"agreed"}): ("anotou o aceite: {agreed}", "noted the consent: {agreed}"),
    frozenset({"mailed"}): ("mandou um e-mail a {mailed}", "sent an e-mail to {mailed}"),
    frozenset({"notified"}): ("avisou a equipe{notified}", "told the team{notified}"),
    frozenset({"action", "place"}): (
        "parou na ação {place} ({action}), que não deu certo",
        "stopped at action {place} ({action}), which did not work",
    ),
    frozenset({"action", "place", "undone"}): (
        "parou na ação {place} ({action}), que não deu certo; ficaram por fazer: {undone}",
        "stopped at action {place} ({action}), which did not work; left undone: {undone}",
    ),
    frozenset({"not_sent", "field"}): (
        "não enviou o modelo: {not_sent}{field}",
        "did not send the template: {not_sent}{field}",
    ),
    frozenset({"no_pix"}): ("não fez o Pix: {no_pix}", "made no Pix: {no_pix}"),
    frozenset({"skipped"}): ("deixou de fora {skipped}", "left out {skipped}"),
    frozenset({"skipped", "type"}): ("deixou de fora {skipped}", "left out {skipped}"),
    frozenset({"skipped", "found"}): (
        "deixou de fora {skipped} ({found})",
        "left out {skipped} ({found})",
    ),
    frozenset({"shown_as"}): (
        "mostrou as opções em texto numerado, porque o WhatsApp não as aceitaria de outra forma",
        "showed the options as numbered text, because WhatsApp would not take them otherwise",
    ),
}

# Why `datetime` could not do its operation, by what stands before the colon.
IMPOSSIBLE: Mapping[str, Pair] = {
    "not a date": ("não é uma data", "not a date"),
    "not a number": ("não é um número", "not a number"),
    "no such date": ("essa data não existe", "there is no such date"),
    "no calendar": ("esse calendário não existe", "there is no such calendar"),
    "unreadable calendar": ("o calendário não é legível", "the calendar cannot be read"),
    "unknown time zone": ("esse fuso horário não existe", "there is no such time zone"),
}

# By which rule a calendar is open or closed.
RULES: Mapping[str, Pair] = {
    "hours": ("pelo horário da semana", "by the hours of the week"),
    "holiday": ("por ser feriado", "because of a holiday"),
    "closed": ("por ser um dia fechado", "because it is a closed day"),
    "open": ("por ser um dia aberto", "because it is an open day"),
}

# What a node leaves out of a message, and why.
SKIPPED: Mapping[str, Pair] = {
    "no_media": (
        "a mídia, porque o endereço ou id que resultou não é válido",
        "the media, because the URL or id that came out is not valid",
    ),
    "no_place": (
        "o local, porque as coordenadas que resultaram não são válidas",
        "the location, because the coordinates that came out are not valid",
    ),
    "no_name": (
        "o contato, porque o nome ficou vazio",
        "the contact card, because its name is empty",
    ),
    "empty_text": ("o texto, porque ficou vazio", "the text, because it is empty"),
    "bad_email": (
        "o e-mail, porque não é um endereço válido",
        "the e-mail address, because it is none",
    ),
    "bad_phone": (
        "o telefone, porque não é um número válido",
        "the phone number, because it is none",
    ),
    "too_large": (
        "um valor, porque é grande demais",
        "a value, because it is too large",
    ),
    "too_many": (
        "o que passou do máximo",
        "what was over the most that is taken",
    ),
    "no_recipient": (
        "o e-mail, porque não sobrou nenhum destinatário",
        "the e-mail, because no recipient was left",
    ),
    "no_event": (
        "o evento, porque o nome ficou vazio",
        "the event, because its name is empty",
    ),
}

# Why a template was not sent, and why no Pix was made.
NOT_SENT: Mapping[str, Pair] = {
    "opted_out": ("o contato recusou mensagens nossas", "the contact refused our messages"),
    "empty": ("um valor ficou vazio", "a value is empty"),
    "too_long": ("um valor é longo demais", "a value is too long"),
    "no_media": (
        "o endereço ou id da mídia não é válido",
        "the URL or id of the media is not valid",
    ),
}
NO_PIX: Mapping[str, Pair] = {
    "bad_key": ("a chave não é válida", "the key is not valid"),
    "bad_txid": ("o identificador não é válido", "the identifier is not valid"),
    "bad_amount": ("o valor não é válido", "the amount is not valid"),
    "bad_item": ("um item ficou sem nome ou sem preço", "an item has no name or no price"),
    "no_name": (
        "o nome ou a cidade de quem recebe ficou vazio",
        "the receiver's name or city is empty",
    ),
    "not_the_sum": ("o valor não é a soma dos itens", "the amount is not the sum of the items"),
    "no_text": ("o texto do pedido ficou vazio", "the text of the order is empty"),
}

# Why an answer was refused: the keys of `texts.py` that say so to the customer.
REFUSALS: Mapping[str, Pair] = {
    "only_text": ("não é texto", "it is not text"),
    "bad_text": ("não é texto", "it is not text"),
    "bad_number": ("não é um número", "it is not a number"),
    "bad_integer": ("não é um número inteiro", "it is not a whole number"),
    "bad_email": ("não é um e-mail", "it is not an e-mail address"),
    "bad_phone": ("não é um telefone", "it is not a phone number"),
    "bad_date": ("não é uma data", "it is not a date"),
    "bad_time": ("não é um horário", "it is not a time"),
    "bad_url": ("não é um endereço da web", "it is not a web address"),
    "bad_yes_no": ("não é sim nem não", "it is neither yes nor no"),
    "bad_cpf": ("não é um CPF válido", "it is not a valid CPF"),
    "bad_cnpj": ("não é um CNPJ válido", "it is not a valid CNPJ"),
    "bad_cep": ("não é um CEP", "it is not a CEP"),
    "bad_regex": ("não tem o formato pedido", "it does not have the format asked for"),
    "bad_options": ("não é uma das opções", "it is none of the options"),
    "bad_media": ("não é um arquivo de mídia", "it is not a media file"),
    "bad_location": ("não é uma localização", "it is not a location"),
    "number_under_min": ("está abaixo do mínimo", "it is under the minimum"),
    "number_over_max": ("está acima do máximo", "it is over the maximum"),
    "date_under_min": ("é antes da primeira data aceita", "it is before the first date taken"),
    "date_over_max": ("é depois da última data aceita", "it is after the last date taken"),
    "time_under_min": ("é antes do primeiro horário aceito", "it is before the first time taken"),
    "time_over_max": ("é depois do último horário aceito", "it is after the last time taken"),
    "too_short": ("é curta demais", "it is too short"),
    "too_long": ("é longa demais", "it is too long"),
}

# The ports that are not the author's own ids.
PORTS: Mapping[str, Pair] = {
    "else": ("senão", "else"),
    "timeout": ("tempo esgotado", "time out"),
    "invalid": ("resposta inválida", "invalid answer"),
    "error": ("erro", "error"),
    "other": ("outra resposta", "other answer"),
    "replied": ("o cliente respondeu", "the customer replied"),
    "empty": ("vazio", "empty"),
    "closed": ("fechado", "closed"),
    "released": ("devolvida", "released"),
    "open": ("aberto", "open"),
    "yes": ("sim", "yes"),
    "no": ("não", "no"),
}

# Operators that are words; the others are signs that everybody reads.
OPERATORS: Mapping[str, Pair] = {
    "contains": ("contém", "contains"),
    "not_contains": ("não contém", "does not contain"),
    "starts_with": ("começa com", "starts with"),
    "ends_with": ("termina com", "ends with"),
    "in": ("está em", "is in"),
    "not_in": ("não está em", "is not in"),
    "between": ("está entre", "is between"),
    "matches": ("segue o padrão", "matches"),
    "is_empty": ("está vazia", "is empty"),
    "is_not_empty": ("não está vazia", "is not empty"),
    "is_number": ("é um número", "is a number"),
    "is_email": ("é um e-mail", "is an e-mail address"),
    "is_phone": ("é um telefone", "is a phone number"),
    "is_date": ("é uma data", "is a date"),
    "has_tag": ("tem a etiqueta", "has the tag"),
}

# What `set_variable` reads a value as.
KINDS: Mapping[str, Pair] = {
    "text": ("texto", "text"),
    "number": ("número", "a number"),
    "boolean": ("sim ou não", "yes or no"),
    "json": ("JSON", "JSON"),
    "expression": ("expressão", "an expression"),
}

# What a customer sends besides words.
MESSAGES: Mapping[str, Pair] = {
    "image": ("uma imagem", "a picture"),
    "video": ("um vídeo", "a video"),
    "audio": ("um áudio", "an audio"),
    "document": ("um documento", "a document"),
    "sticker": ("uma figurinha", "a sticker"),
    "location": ("uma localização", "a location"),
    "contacts": ("um contato", "a contact card"),
    "order": ("um pedido", "an order"),
    "reaction": ("uma reação", "a reaction"),
}
