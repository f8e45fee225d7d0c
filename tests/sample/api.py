"""API views that write, so that ids in bodies are tried too."""

from rest_framework import serializers
from rest_framework.generics import ListCreateAPIView, RetrieveUpdateDestroyAPIView

from tenants.api.base import OwnRows, RowField
from tests.sample.models import Lamp, Room


class LampSerializer(serializers.ModelSerializer):
    room = RowField(queryset=Room.objects.all())

    class Meta:
        model = Lamp
        fields = ("id", "name", "room")


class LampRows(OwnRows):
    model = Lamp
    serializer_class = LampSerializer
    pagination_class = None
    scope = ""
    write_scope = ""


class Lamps(LampRows, ListCreateAPIView):
    pass


class OneLamp(LampRows, RetrieveUpdateDestroyAPIView):
    pass
