"""What a token may do."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request


class HasScope(BasePermission):
    """An empty scope is open to every valid token; a missing write scope is closed to all."""

    message = _("The token lacks the scope this needs. Give it to the token, or use another one.")

    def has_permission(self, request: Request, view: Any) -> bool:
        token: Any = request.auth
        if token is None:
            return False
        if not hasattr(view, str(request.method).lower()):
            return True  # the view itself answers that it does not know the method
        needed = view.scope if request.method in SAFE_METHODS else view.write_scope
        return needed is not None and (not needed or needed in token.scopes)
