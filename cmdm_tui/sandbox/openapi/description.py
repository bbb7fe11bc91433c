"""The sandbox's own description, in OpenAPI 3.1, made of the schema that it serves."""

from collections.abc import Iterable
from typing import Any

from cmdm_tui.sandbox.api_constants import API_PATH, MAX_PER_PAGE, SIGN_IN_HEADERS
from cmdm_tui.sandbox.openapi.schemas import (
    ID,
    Schema,
    entity_schemas,
    reference,
    schema_name,
    shared_schemas,
    value_schema,
)
from cmdm_tui.sandbox.schema import ENTITIES, EXTERNAL_ID, EntitySchema

_NUMBER: Schema = {"type": "string", "pattern": "^[0-9]+$"}

_ABOUT = """\
A local implementation of the CMDataManager API, with invented data. Entity and action segments of a
path match without regard to case. A known path answers a method that it does not have with 405 and
`Allow`, whether or not the token is good for more; a request whose `Host` is not this server's is
answered with 421, one with the `Origin` of another page with 403."""

_ERRORS = {
    "400": "The request is wrong; the message names the parameter or field at fault.",
    "401": "The token is missing, unknown or ended.",
    "403": "The Origin is another page's.",
    "404": "There is no such record, entity or path.",
    "405": "The path does not have this method.",
    "413": "The body is over 1 MiB.",
    "421": "The Host is not this server's.",
    "429": "The limit of calls an hour or a month is reached.",
    "500": "The server failed.",
}
_NEVER_IDENTIFIED = {"401", "403", "421"}
_USUAL = ("400", "401", "403", "404", "405", "413", "421", "429", "500")
_SIGN_IN = ("400", "401", "403", "405", "413", "421", "429", "500")

_RATE_HEADERS = {
    "x-rate-limit-limit": "Calls an hour that this user may make.",
    "x-rate-limit-remaining": "Calls left this hour.",
    "x-rate-limit-reset": "Unix time at which the hour's count starts again.",
}
_TOKEN_HEADER = {"x-token-reset": "Unix time at which the token ends."}


def describe_api(url: str) -> dict[str, Any]:
    """Return the description of a sandbox that clients reach at `url`."""
    schemas = shared_schemas()
    paths: dict[str, Any] = {f"{API_PATH}/authenticate": {"post": _describe_sign_in()}}
    for entity in ENTITIES.values():
        schemas |= entity_schemas(entity)
        paths |= _describe_paths(entity)
    lead, task = ENTITIES["lead"], ENTITIES["task"]
    schemas["AccountOverrides"] = _describe_overrides(ENTITIES["account"])
    paths[f"{API_PATH}/lead/convert/{{external_id}}"] = {
        "parameters": [_describe_id_parameter()],
        "put": _describe_operation(
            "convertLead",
            lead,
            "Make an account and a contact of a lead",
            {"200": _describe_response("Converted")},
            body=_describe_body("AccountOverrides", required=False),
        ),
    }
    paths[f"{API_PATH}/task/close/{{external_id}}"] = {
        "parameters": [_describe_id_parameter()],
        "put": _describe_operation(
            "closeTask",
            task,
            "Close a task",
            {"200": _describe_response("Message")},
            body={"content": {"application/json": {"schema": {"type": "object"}}}},
        ),
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "CMDataManager sandbox", "version": "v1", "description": _ABOUT},
        "servers": [{"url": url}],
        "security": [{"bearer": []}],
        "tags": [{"name": "authenticate"}, *({"name": entity} for entity in ENTITIES)],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas,
            "responses": {
                status: describe_refusal(status, words) for status, words in _ERRORS.items()
            },
        },
    }


def _describe_paths(entity: EntitySchema) -> dict[str, Any]:
    name = schema_name(entity)
    many, one = f"{API_PATH}/{entity.name}", f"{API_PATH}/{entity.name}/{{external_id}}"
    created = _describe_response("Created", links=_describe_links(entity))
    paths: dict[str, Any] = {
        many: {
            "get": _describe_operation(
                f"list{name}",
                entity,
                f"Retrieve many {entity.name} records",
                {"200": _describe_response(f"{name}List")},
                parameters=_describe_list_parameters(entity),
            ),
            "post": _describe_operation(
                f"create{name}",
                entity,
                f"Create a record of {entity.name}",
                {"201": created},
                body=_describe_body(f"New{name}"),
            ),
        },
        one: {
            "parameters": [_describe_id_parameter()],
            "get": _describe_operation(
                f"get{name}", entity, "Retrieve one record", {"200": _describe_response(name)}
            ),
            "put": _describe_operation(
                f"update{name}",
                entity,
                "Change the fields given of a record, and no others",
                {"200": _describe_response("Message")},
                body=_describe_body(f"{name}Changes"),
            ),
            "delete": _describe_operation(
                f"delete{name}", entity, "Delete a record", {"200": _describe_response("Message")}
            ),
        },
    }
    if entity.has_field_list:
        paths |= describe_field_list(entity)
    for child in (ENTITIES["task"], ENTITIES["opportunity"]):
        child_name = schema_name(child)
        paths[f"{one}/{child.name}"] = {
            "parameters": [_describe_id_parameter()],
            "post": _describe_operation(
                f"create{child_name}Of{name}",
                entity,
                f"Create a record of {child.name} that belongs to this one",
                {"201": _describe_response("Created", links=_describe_links(child))},
                body=_describe_body(f"New{child_name}"),
            ),
        }
    return paths


def describe_field_list(entity: EntitySchema) -> dict[str, Any]:
    """Return the path of an entity's list of fields."""
    operation = _describe_operation(
        f"list{schema_name(entity)}Fields",
        entity,
        "Retrieve the fields",
        {"200": _describe_response("FieldList")},
        parameters=[_describe_paging()],
    )
    return {f"{API_PATH}/{entity.name}/fields": {"get": operation}}


def _describe_operation(
    operation_id: str,
    entity: EntitySchema,
    summary: str,
    answers: dict[str, Any],
    *,
    parameters: Iterable[Schema] = (),
    body: Schema | None = None,
) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": operation_id,
        "tags": [entity.name],
        "summary": summary,
        "parameters": list(parameters),
        "responses": answers | _refer_to_refusals(_USUAL),
    }
    return operation if body is None else operation | {"requestBody": body}


def _describe_sign_in() -> dict[str, Any]:
    return {
        "operationId": "authenticate",
        "tags": ["authenticate"],
        "summary": "Sign in: four headers for a token",
        "security": [],
        "parameters": [
            {"name": name, "in": "header", "required": True, "schema": {"type": "string"}}
            for name in SIGN_IN_HEADERS
        ],
        "responses": {"200": _describe_response("Token"), **_refer_to_refusals(_SIGN_IN)},
    }


def _describe_response(schema: str, links: Schema | None = None) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": "Done.",
        "headers": _describe_headers(_RATE_HEADERS | _TOKEN_HEADER),
        "content": {"application/json": {"schema": reference(schema)}},
    }
    return answer if links is None else answer | {"links": links}


def describe_refusal(status: str, words: str) -> dict[str, Any]:
    """Return the description of a refusal."""
    headers: dict[str, Any] = {}
    if status not in _NEVER_IDENTIFIED:
        # Who has not signed in yet gets no headers that say what is left.
        headers = _describe_headers(_RATE_HEADERS | _TOKEN_HEADER, required=False)
    if status == "401":
        headers["WWW-Authenticate"] = {"schema": {"const": "Bearer"}}
    if status == "405":
        headers["Allow"] = {"required": True, "schema": {"type": "string"}}
    return {
        "description": words,
        "headers": headers,
        "content": {"application/json": {"schema": reference("Message")}},
    }


def _describe_headers(described: dict[str, str], *, required: bool = True) -> dict[str, Any]:
    return {
        name: {"description": words, "required": required, "schema": _NUMBER}
        for name, words in described.items()
    }


def _refer_to_refusals(statuses: Iterable[str]) -> dict[str, Schema]:
    return {status: {"$ref": f"#/components/responses/{status}"} for status in statuses}


def _describe_links(entity: EntitySchema) -> dict[str, Any]:
    name = schema_name(entity)
    actions = {"lead": ["convertLead"], "task": ["closeTask"]}.get(entity.name, [])
    children = [f"createTaskOf{name}", f"createOpportunityOf{name}"]
    external_id = {"external_id": f"$response.body#/{EXTERNAL_ID}"}
    return {
        operation: {"operationId": operation, "parameters": external_id}
        for operation in (f"get{name}", f"update{name}", f"delete{name}", *actions, *children)
    }


def _describe_id_parameter() -> Schema:
    return {"name": "external_id", "in": "path", "required": True, "schema": ID}


def _describe_list_parameters(entity: EntitySchema) -> list[Schema]:
    names: Schema = {"enum": [EXTERNAL_ID, *(field.name for field in entity.fields)]}
    return [
        {
            "name": "fields",
            "in": "query",
            "style": "form",
            "explode": False,
            "schema": {"type": "array", "items": names, "minItems": 1},
        },
        {"name": "sort_by", "in": "query", "schema": names},
        {"name": "sort_order", "in": "query", "schema": {"enum": ["asc", "desc"]}},
        _describe_paging(),
    ]


def _describe_paging() -> Schema:
    """Return `per_page` and `page`, each of which needs the other, as one parameter of two names.

    Two parameters could not say so.
    """
    pages = {
        "per_page": {"type": "integer", "minimum": 1, "maximum": MAX_PER_PAGE},
        "page": {"type": "integer", "minimum": 1},
    }
    return {
        "name": "paging",
        "in": "query",
        "style": "form",
        "explode": True,
        "schema": {
            "type": "object",
            "properties": pages,
            "dependentRequired": {"per_page": ["page"], "page": ["per_page"]},
        },
    }


def _describe_body(schema: str, *, required: bool = True) -> dict[str, Any]:
    return {
        "required": required,
        "content": {"application/json": {"schema": reference(schema)}},
    }


def _describe_overrides(entity: EntitySchema) -> Schema:
    writable = {
        field.name: value_schema(field, may_be_null=not field.required)
        for field in entity.fields
        if not field.read_only
    }
    return {"type": "object", "properties": writable, "additionalProperties": False}
