"""The sentences of problems with what a node asks databases and language models."""

CALL_WORDS: dict[str, dict[str, str]] = {
    "query_with_placeholders": {
        "pt-BR": "Um valor não pode ficar dentro da consulta ({text}): escreva :nome no lugar dele e dê o valor em "
        "“Parâmetros”.",
        "en": "A value may not stand inside the query ({text}): write :name in its place and give the value in "
        "“Parameters”.",
    },
    "query_not_allowed": {
        "pt-BR": "A consulta não pode ter “{word}” neste modo.",
        "en": "The query may not have “{word}” in this mode.",
    },
    "parameter_missing": {
        "pt-BR": "A consulta usa :{name}, mas esse parâmetro não tem valor.",
        "en": "The query uses :{name}, but that parameter has no value.",
    },
    "parameter_unused": {
        "pt-BR": "O parâmetro “{name}” não aparece na consulta.",
        "en": "The parameter “{name}” is not in the query.",
    },
    "parameter_quoted": {
        "pt-BR": "Tire as aspas em volta de :{name}; com elas o banco de dados procura o próprio texto.",
        "en": "Take the quotes around :{name} away; with them the database looks for that very text.",
    },
    "parameter_with_secret": {
        "pt-BR": "Um segredo precisa ser o parâmetro inteiro; em “{name}” há mais texto em volta.",
        "en": "A secret must be the whole parameter; in “{name}” there is more text around it.",
    },
    "placeholder_in_host": {
        "pt-BR": "O campo “{field}” tem um {{{{…}}}} no servidor do endereço. Escreva o servidor por extenso, ou ponha o "
        "{{{{…}}}} bem no começo, para o endereço todo, e uma barra depois dele.",
        "en": "The field “{field}” has a {{{{…}}}} in the host of the address. Write the host out, or put the "
        "{{{{…}}}} at the very start, for the whole address, and a slash behind it.",
    },
    "bad_schema": {
        "pt-BR": "O esquema da resposta não serve: {reason_pt}.",
        "en": "The schema of the answer will not do: {reason_en}.",
    },
}
