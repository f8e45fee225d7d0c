"""What a token may do."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import BasePermission
from rest_framework.request import Request


class HasScope(BasePermission):
    """The view names its scope; an empty one is open to every valid token."""

    message = _("The token lacks the scope this needs. Give it to the token, or use another one.")

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.auth is None:
            return False
        return not view.scope or view.scope in request.auth.scopes
