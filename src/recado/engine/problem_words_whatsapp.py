"""The sentences of problems with Meta's templates and with Pix payments."""

WHATSAPP_WORDS: dict[str, dict[str, str]] = {
    "bad_template_name": {
        "pt-BR": "O nome de um modelo só tem letras minúsculas, números e _.",
        "en": "A template's name has only small letters, digits and _.",
    },
    "bad_template_language": {
        "pt-BR": "“{value}” não é um idioma de modelo; escreva-o como pt_BR.",
        "en": "“{value}” is no language of a template; write it like pt_BR.",
    },
    "empty_parameter": {
        "pt-BR": "O campo “{field}” está vazio, e a Meta não aceita valor vazio.",
        "en": "The field “{field}” is empty, and Meta takes no empty value.",
    },
    "parameters_mixed": {
        "pt-BR": "Os valores do texto têm todos um nome, ou nenhum tem.",
        "en": "Either all values of the text have a name, or none has.",
    },
    "bad_parameter_name": {
        "pt-BR": "“{name}” não é um nome de valor; use letras minúsculas, números e _.",
        "en": "“{name}” is no name of a value; use small letters, digits and _.",
    },
    "parameter_twice": {
        "pt-BR": "O valor “{name}” aparece mais de uma vez.",
        "en": "The value “{name}” stands more than once.",
    },
    "button_without_id": {
        "pt-BR": "O botão de resposta precisa de um id.",
        "en": "The reply button needs an id.",
    },
    "button_place_twice": {
        "pt-BR": "Há mais de um botão na posição {place} do modelo.",
        "en": "More than one button has the place {place} in the template.",
    },
    "no_button_to_wait_for": {
        "pt-BR": "Não há botão de resposta para esperar.",
        "en": "There is no reply button to wait for.",
    },
    "template_not_in_language": {
        "pt-BR": "O modelo “{name}” não existe em {language}; existe em {languages}.",
        "en": "There is no template “{name}” in {language}; there is one in {languages}.",
    },
    "template_not_approved": {
        "pt-BR": "O modelo “{name}” não pode ser enviado: na Meta ele está como {status}.",
        "en": "The template “{name}” cannot be sent: at Meta it is {status}.",
    },
    "template_values": {
        "pt-BR": "O modelo tem {wanted} valores a preencher em “{field}”, e o nó dá {given}.",
        "en": "The template has {wanted} values to fill in “{field}”, and the node gives {given}.",
    },
    "template_names": {
        "pt-BR": "O modelo chama os valores de “{field}” de {wanted}, e o nó, de {given}.",
        "en": "The template calls the values in “{field}” {wanted}, and the node calls them {given}.",
    },
    "template_names_not_taken": {
        "pt-BR": "Os valores deste modelo vão por posição: tire os nomes de “{field}”.",
        "en": "The values of this template go by their place: take the names out of “{field}”.",
    },
    "template_names_needed": {
        "pt-BR": "Os valores deste modelo têm nome; dê a cada valor de “{field}” o seu: {wanted}.",
        "en": "The values of this template have names; give each value in “{field}” its own: {wanted}.",
    },
    "template_header": {
        "pt-BR": "O cabeçalho do modelo pede {wanted_pt}, e o nó tem {given_pt}.",
        "en": "The template's header wants {wanted_en}, and the node has {given_en}.",
    },
    "template_button": {
        "pt-BR": "O botão {place} do modelo é {wanted}, e o nó o trata como {given}.",
        "en": "The template's button {place} is {wanted}, and the node takes it for {given}.",
    },
    "template_button_missing": {
        "pt-BR": "O modelo não tem um botão na posição {place}.",
        "en": "The template has no button in the place {place}.",
    },
    "template_button_value": {
        "pt-BR": "O botão {place} do modelo ({wanted}) precisa de um valor.",
        "en": "The template's button {place} ({wanted}) needs a value.",
    },
    "template_button_fixed": {
        "pt-BR": "O endereço do botão {place} do modelo é fixo; ele não recebe valor.",
        "en": "The address of the template's button {place} is fixed; it takes no value.",
    },
    "template_reply_unnamed": {
        "pt-BR": "O botão “{title}” do modelo não está no nó: quem tocar nele sai por “other”.",
        "en": "The template's button “{title}” is not in the node: who taps it leaves by “other”.",
    },
    "bad_pix_key": {
        "pt-BR": "A chave Pix não é válida; é um CPF, CNPJ, e-mail, telefone com +55 ou chave aleatória.",
        "en": "The Pix key is not valid; it is a CPF, CNPJ, e-mail, phone number with +55 or random key.",
    },
    "bad_txid": {
        "pt-BR": "O identificador do Pix só tem letras e números, no máximo 25.",
        "en": "The identifier of a Pix has only letters and digits, 25 at most.",
    },
    "bad_amount": {
        "pt-BR": "O campo “{field}” precisa ser um valor em reais acima de zero, por exemplo 19,90.",
        "en": "The field “{field}” must be an amount in reais above zero, for example 19.90.",
    },
    "too_long_for_pix": {
        "pt-BR": "O campo “{field}” tem {length} caracteres; num Pix cabem {limit}.",
        "en": "The field “{field}” has {length} characters; a Pix has room for {limit}.",
    },
    "no_plain_letters": {
        "pt-BR": "O campo “{field}” precisa de letras que os bancos leiam (A a Z).",
        "en": "The field “{field}” needs letters that banks can read (A to Z).",
    },
    "items_not_shown": {
        "pt-BR": "Os itens só aparecem num pedido (enviar como order_details).",
        "en": "Items are only shown in an order (send as order_details).",
    },
}
