"""Pages with every kind of door: inline, filter, autocomplete, bulk and detail action, export."""

from django.contrib import admin
from unfold.decorators import action

from tenants.access import Area
from tenants.admin.base import ScopedAdmin, ScopedTabularInline, confirmed_action
from tests.sample.models import Lamp, Room, Tag


class LampInline(ScopedTabularInline):
    area = Area.CONFIGURATION
    model = Lamp
    fields = ("name", "spare")


@admin.register(Tag)
class TagAdmin(ScopedAdmin):
    area = Area.CONFIGURATION
    list_display = ("name", "tenant")
    search_fields = ("name",)
    export_fields = ("name",)
    ordering = ("name", "pk")


@admin.register(Room)
class RoomAdmin(ScopedAdmin):
    area = Area.CONFIGURATION
    list_display = ("name", "tenant")
    list_filter = ("tenant", "tags")
    search_fields = ("name",)
    inlines = (LampInline,)
    export_fields = ("name",)
    ordering = ("name", "pk")


@admin.register(Lamp)
class LampAdmin(ScopedAdmin):
    area = Area.CONFIGURATION
    list_display = ("name", "room", "tenant")
    list_filter = ("room", "spare")
    list_select_related = ("room", "tenant")
    search_fields = ("name", "room__name")
    autocomplete_fields = ("room",)
    export_fields = ("name", "room")
    ordering = ("name", "pk")
    actions = ("export_as_csv", "dim")
    actions_detail = ("switch_off",)

    @admin.action(description="Dim", permissions=["change"])
    def dim(self, request, queryset):
        queryset.update(watts=1)

    @action(description="Switch off", url_path="off", permissions=["change"])
    def switch_off(self, request, object_id):
        lamp = self.object_or_404(request, object_id)
        return confirmed_action(
            self, request, lamp, question="Off?", act=lambda: self._off(lamp), done="Off."
        )

    def _off(self, lamp):
        lamp.watts = 0
        lamp.save()
