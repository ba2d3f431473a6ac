"""Which names a node's fields have in our own form, and which they have elsewhere: that tells one from the other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from recado.engine.dialects.box import Box
from recado.engine.dialects.calling import ai_prompt, api_call, script
from recado.engine.dialects.choosing import condition, random
from recado.engine.dialects.contacting import action, handoff
from recado.engine.dialects.fields import Fields
from recado.engine.dialects.menus import menu, menu_list
from recado.engine.dialects.moving import datetime, delay, jump, set_variable
from recado.engine.dialects.outcome import Outcome
from recado.engine.dialects.querying import database_query
from recado.engine.dialects.reaching import analytics, whatsapp_template
from recado.engine.dialects.talk import end, message, question, start
from recado.engine.events import Json

Read = Callable[[Fields, Box], Outcome]
Fact = Callable[[Mapping[str, Json]], bool]


@dataclass(frozen=True, slots=True)
class Spelling:
    """A node type: our names, theirs, what reads theirs, and what else shows that a node is not in our form."""

    ours: frozenset[str]
    theirs: frozenset[str]
    read: Read
    differs: Fact = lambda data: False

    def is_foreign(self, data: Mapping[str, Json]) -> bool:
        """Says whether fields are written as somebody else writes them."""
        return bool(data.keys() & self.theirs) or self.differs(data) or _has_text_object(data)


def _has_text_object(data: Mapping[str, Json]) -> bool:
    return isinstance(data.get("content"), dict)


def _spelling(read: Read, ours: str, theirs: str, differs: Fact = lambda data: False) -> Spelling:
    names = frozenset(ours.split()) | {"label"}
    return Spelling(names, (frozenset(theirs.split()) | ANYWHERE) - names, read, differs)


def _items(data: Mapping[str, Json], name: str) -> list[dict[str, Json]]:
    items = data.get(name)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _keys(data: Mapping[str, Json], *names: str) -> set[str]:
    return {key for name in names for item in _items(data, name) for key in item}


def _has_other_rules(data: Mapping[str, Json]) -> bool:
    rules = data.get("validation")
    return isinstance(rules, dict) and bool(rules.keys() & RULES)


LEADS = frozenset(["next_node_id", "nextNodeId", "targetNodeId", "target_node_id", "next"])
RULES = frozenset(
    [
        "required",
        "errorMessage",
        "error_message",
        "maxAttempts",
        "type",
        "choices",
        "minLength",
        "maxLength",
    ]
)
ANYWHERE = frozenset(["next_node_id", "nextNodeId"])
TEXTS = "messageText questionText farewellMessage bodyText text question message"
RESULT = "outputVariable output_variable responseVariable responseVar resultVariable"

SPELLINGS: Mapping[str, Spelling] = {
    "start": _spelling(
        start,
        "triggers",
        "greeting variables initialVariables initial_variables keywords keyword words",
    ),
    "message": _spelling(
        message,
        "content media location contacts preview_url reply_to_trigger",
        f"{TEXTS} messageType mediaType mediaUrl media_url imageUrl image url caption filename fileName delay "
        "autoAdvance buttons latitude longitude",
    ),
    "question": _spelling(
        question,
        "content variableName answer options route_by_option media validation timeout burst",
        f"{TEXTS} {RESULT} variable responseType validationType responseValidation answerType errorMessage "
        "maxAttempts max_attempts",
        lambda data: bool(_keys(data, "options") & LEADS) or _has_other_rules(data),
    ),
    "end": _spelling(
        end,
        "content outcome tags returns scope",
        f"{TEXTS} endType closeConversation sendSummary addTag trigger_handoff triggerHandoff transfer "
        "handoff sendFarewell "
        "saveConversation endReason",
    ),
    "condition": _spelling(
        condition,
        "cases",
        "conditions logicOperator logic_operator logic hasDefaultRoute variable variableName operator value condition "
        "branches true_next_node_id false_next_node_id trueNodeId falseNodeId trueTargetNodeId falseTargetNodeId "
        "defaultTargetNodeId default_next_node_id",
        lambda data: any(not case.keys() & {"rules", "expression", "id"} for case in _items(data, "cases")),
    ),
    "jump": _spelling(
        jump,
        "to_node to_flow mode pass",
        "jumpType jump_type targetNode targetNodeId target_node_id targetFlow targetFlowId target_flow_id "
        "preserveContext clearContext pass_variables passVariables return_to_parent returnToParent variable_mapping "
        "variableMapping",
    ),
    "random": _spelling(
        random,
        "paths sticky save_to",
        f"saveToVariable {RESULT} useSeeded seed distribution branches",
        lambda data: bool(_keys(data, "paths") & {"name", *LEADS}),
    ),
    "set_variable": _spelling(
        set_variable,
        "assignments",
        "variableName variableValue valueType value_type variable value name variables operation",
    ),
    "delay": _spelling(
        delay,
        "amount unit until_reply typing",
        "delaySeconds delay_seconds duration delayAmount delay_amount delayUnit delay_unit showTyping "
        "showTypingIndicator cancelable delayMessage message",
    ),
    "datetime": _spelling(
        datetime,
        "operation variable other order amount unit format timezone calendar save_to",
        f"{RESULT} sourceVariable inputVariable value variableName addAmount addUnit outputFormat inputFormat "
        "compareVariable compareWith compareOperator add_days operator",
        lambda data: data.get("operation") == "get_current",
    ),
    "action": _spelling(
        action,
        "actions",
        "actionType action_type contactFields contact_data tagName tag_name fieldName field_name fieldValue webhookUrl "
        "webhook_url webhookMethod retryOnFailure continueOnError continue_on_error email_data script timeout "
        f"{RESULT}",
        lambda data: "config" in _keys(data, "actions"),
    ),
    "handoff": _spelling(
        handoff,
        "content team agent priority note timeout",
        "handoffType departmentId departmentName department agentId agentName queueId queueName contextMessage "
        "context_message generateSummary transferMessage transfer_message sendTransferMessage targetQueueId "
        f"targetAgentId targetDepartmentId message {RESULT}",
        lambda data: str(data.get("priority", "")) in ("medium", "10", "50", "80", "100"),
    ),
    "api_call": _spelling(
        api_call,
        "method url headers query body body_type auth timeout save_to extract repeatable",
        f"authType auth_type secretId secret_id apiKey api_key token bearerToken username password queryParams "
        f"query_params errorHandling error_handling apiKeyHeader headerName variableName {RESULT}",
        lambda data: isinstance(data.get("headers"), dict) or "key" in _keys(data, "headers"),
    ),
    "ai_prompt": _spelling(
        ai_prompt,
        "account model system prompt history temperature max_tokens output schema save_to fallback timeout",
        "provider secretId secret_id apiKey api_key customApiKey customUrl custom_url baseUrl userPrompt systemPrompt "
        f"system_prompt maxTokens errorHandling error_handling message variable variableName {RESULT}",
    ),
    "database_query": _spelling(
        database_query,
        "connection query parameters mode max_rows save_to repeatable timeout",
        "connectionType databaseType database_type connectionString connection_string host port database username user "
        "password queryType query_type cache cacheKey cacheTTL resultFormat result_format maxRows allowedTables "
        f"errorHandling error_handling variableName {RESULT}",
        lambda data: isinstance(data.get("parameters"), list),
    ),
    "script": _spelling(
        script,
        "language code inputs save_to timeout",
        f"scriptCode scriptLanguage script description pythonPackages inputVariables errorHandling error_handling "
        f"variableName {RESULT}",
        lambda data: data.get("language", "javascript") != "javascript",
    ),
    "whatsapp_template": _spelling(
        whatsapp_template,
        "name language header body buttons wait_for_button timeout variableName max_attempts burst",
        "templateName template_name template languageCode templateLanguage language_code headerParams header_params "
        f"bodyParams body_params parameters components fallbackOnError saveToVariable {RESULT}",
    ),
    "interactive_buttons": _spelling(
        menu,
        "header content footer buttons variableName max_attempts timeout burst",
        f"{TEXTS} body footerText headerText variable {RESULT}",
        lambda data: bool(_keys(data, "buttons") - {"id", "title"}),
    ),
    "interactive_list": _spelling(
        menu_list,
        "header content footer button sections variableName max_attempts timeout burst",
        f"{TEXTS} body footerText headerText buttonText button_text listItems items rows options variable {RESULT}",
    ),
    "analytics": _spelling(
        analytics,
        "event value properties goal",
        "eventType event_type eventName event_name eventValue event_value eventValueVariable eventProperties "
        f"event_properties metadata tags incrementCounter saveToVariable {RESULT}",
    ),
}  # fmt: skip
