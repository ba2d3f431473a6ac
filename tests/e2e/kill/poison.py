"""`recado` with two node types more: one that raises and one that kills the process, for whoever says boom."""

from recado.cli import main
from recado.nodes import NODE_TYPES
from tests.worker.bad_nodes import BAD_TYPES

if __name__ == "__main__":
    NODE_TYPES.update(BAD_TYPES)
    main()
