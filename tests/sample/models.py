"""A room with lamps and tags: foreign key, many-to-many, inline, secret."""

from django.db import models

from tenants.scoping import TenantModel


class Tag(TenantModel):
    name = models.CharField(max_length=50)

    def __str__(self):
        return self.name


class Room(TenantModel):
    name = models.CharField(max_length=50)
    api_secret = models.CharField(max_length=50, blank=True)
    tags = models.ManyToManyField(Tag, blank=True)

    def __str__(self):
        return self.name


class Lamp(TenantModel):
    name = models.CharField(max_length=50)
    room = models.ForeignKey(Room, models.CASCADE, related_name="lamps")
    spare = models.ForeignKey("self", models.SET_NULL, null=True, blank=True)
    watts = models.IntegerField(default=5)

    def __str__(self):
        return self.name
