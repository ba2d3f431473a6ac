"""URLs of mail servers, right and wrong: the settings and the caller must judge them alike."""

RIGHT = (
    "smtp://bot%40loja.example:senha%3A1@mail.example.com:2525?from=Loja%20<bot@loja.example>",
    "smtp://bot@mail.example.com:x@mail.example.com",
    "smtp://localhost?from=a@b",
    "smtps://mail.example.com?from=a@b.example&starttls=never",
    "smtp://[::1]:25?from=a@b.example&starttls=offered",
    "smtp://bot:x@mail.example.com/?from=Loja%20do%20Z%C3%A9%20<ze@loja.example>&starttls=always",
)
WRONG = (
    "mail.example.com",
    "http://mail.example.com?from=a@b.example",
    "smtp://?from=a@b.example",
    "smtp://mail.example.com",
    "smtp://bot:x@mail.example.com",
    "smtp://mail.example.com:99999?from=a@b.example",
    "smtp://mail.example.com:0?from=a@b.example",
    "smtp://mail.example.com/inbox?from=a@b.example",
    "smtp://mail.example.com?from=a@b.example#x",
    "smtp://bot@mail.example.com?from=a@b.example",
    "smtp://mail.example.com?from=a@b.example&starttls=yes",
    "smtp://mail.example.com?from=a@b.example&to=c@d.example",
    "smtp://mail.example.com?from=a@b.example&from=c@d.example",
    "smtp://mail.example.com?from",
    "smtp://mail.example.com?from=nobody",
    "smtp://mail.example.com?from=a@b.example%0d%0aBcc:%20c@d.example",
    "smtp://mail.example.com?from=Loja%0d%0aBcc:%20c@d.example%20<a@b.example>",
    "smtp://[::1?from=a@b.example",
)
