"""Who may do what: the roles of a workspace and the permissions of each, one table."""

from enum import StrEnum


class Permission(StrEnum):
    """What an endpoint asks for."""

    READ = "read"
    CONVERSE = "converse"
    EDIT = "edit"
    ADMINISTER = "administer"


ROLES: dict[str, frozenset[Permission]] = {
    "owner": frozenset(Permission),
    "admin": frozenset(Permission),
    "editor": frozenset({Permission.READ, Permission.CONVERSE, Permission.EDIT}),
    "agent": frozenset({Permission.READ, Permission.CONVERSE}),
    "viewer": frozenset({Permission.READ}),
}
