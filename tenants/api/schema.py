"""What the OpenAPI description says beyond the views themselves."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework.permissions import SAFE_METHODS

REFUSALS = {
    "400": "Something in the request is wrong; `fields` names it.",
    "401": "The token is missing, unknown, expired or revoked.",
    "403": "The token lacks the scope.",
    "404": "There is nothing here, or it is not yours.",
    "405": "This address does not know the method; `Allow` says which it knows.",
    "406": "Only JSON is answered; `Accept` must allow it.",
    "409": "What is stored stands against it: changed meanwhile, or unreadable.",
    "413": "The body is too large.",
    "415": "Send JSON.",
    "429": "Too many calls; `Retry-After` says when to try again.",
}
REFUSAL = {
    "type": "object",
    "properties": {
        "success": {"type": "boolean"},
        "error": {"type": "string", "description": "A sentence for a person."},
        "fields": {
            "type": "object",
            "additionalProperties": {},
            "description": "What is wrong with which field; absent when no field is meant.",
        },
        "request_id": {"type": "string", "description": "Give it to support."},
    },
    "required": ["success", "error", "request_id"],
}


class Description(AutoSchema):
    """Says which scope a call takes."""

    def get_description(self) -> str:  # type: ignore[override]  # as in the package itself
        view: Any = self.view
        scope = view.scope if self.method in SAFE_METHODS else view.write_scope
        needed = f"Takes the scope `{scope}`." if scope else "Any valid token will do."
        return f"{super().get_description()}\n\n{needed}"


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # it registers
    target_class = "tenants.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


def only_versioned(endpoints: list[Any]) -> list[Any]:
    """Second addresses of the same views are for systems that know them already."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/v1/")]


def add_refusals(result: dict[str, Any], **_options: Any) -> dict[str, Any]:
    result["components"].setdefault("schemas", {})["Refusal"] = REFUSAL
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}
    for operations in result["paths"].values():
        for operation in operations.values():
            for code, text in REFUSALS.items():
                operation["responses"].setdefault(code, {"description": text, "content": content})
    return result
