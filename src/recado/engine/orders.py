"""Does what a command asks for. Every command drops pending messages, the callers and the wait where it moves on."""

from recado.engine import texts
from recado.engine.callers import go_home, go_to_flow, restart
from recado.engine.commands import PERSON, Command
from recado.engine.effects import Consent, TakeBack
from recado.engine.events import Message
from recado.engine.run import Run
from recado.engine.settings import Commands
from recado.engine.state import Status


def obey(run: Run, command: Command, message: Message) -> None:
    """Carries out a command of the customer, wherever the session stands."""
    run.remark(f"command_{command}")
    match command:
        case "stop":
            _opt_out(run, message)
        case "start":
            run.effects.append(Consent(True, message.text, message.id))
            run.say(texts.say(run.event.world, "opted_in"))
        case "human":
            run.drop_everything()
            run.say(texts.say(run.event.world, "handed_off"))
            run.hand_off("asked")
        case "end":
            run.say(texts.say(run.event.world, "ended"))
            run.finish(Status.COMPLETED)
        case "restart":
            restart(run)
        case "menu":
            _take_back(run)
            _menu(run)


def _opt_out(run: Run, message: Message) -> None:
    """Records the refusal and confirms it, once; the session ends in any case."""
    if not run.event.world.contact.get("opted_out"):
        run.effects.append(Consent(False, message.text, message.id))
        run.say(texts.say(run.event.world, "opted_out"))
    run.finish(Status.STOPPED)


def _menu(run: Run) -> None:
    """Goes where the chatbot's menu is; to the start where none is set or its node is gone."""
    target = (run.settings.commands or Commands()).menu_to
    if target.to_flow:
        return go_to_flow(run, target.to_flow)
    go_home(run)
    if target.to_node and target.to_node in run.program.nodes:
        return run.enter(target.to_node)
    return restart(run)


def _take_back(run: Run) -> None:
    """Gives the bot the conversation again, where a person was waited for."""
    if run.status is Status.HANDED_OFF or run.event.world.conversation.get("mode") in PERSON:
        run.effects.append(TakeBack())
    run.status = Status.ACTIVE
