"""What customers and remote systems wrote, as a page may show it."""

from typing import Any

from django import template

from tenants import showing
from tenants.masking import mask

register = template.Library()


@register.filter
def visible(text: Any) -> str:
    return showing.visible(str(text))


@register.filter
def masked(text: Any) -> str:
    """Without personal numbers and secrets as well."""
    return showing.visible(mask(str(text)))
