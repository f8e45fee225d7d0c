"""A company with a connected Chatwoot, all within one thread: tests say when things happen."""

import time
from datetime import timedelta

from django.db.models import F
from django.test import Client
from django.urls import reverse

from crews import tasks
from crews.models import Conversation, InboundEvent, OutboundMessage, Turn
from integrations.chatwoot import connections
from tenants import credentials
from tenants.models import ChannelMapping, ChatwootInstallation, Configuration
from tests.fakes.chatwoot.deliveries import headers_for, rails_json

AUTOMATIC = {"mode": "automatic", "disclosure": False}


class Stage:
    def __init__(self, tenant, chatwoot, *, can_look=True, **settings):
        self.tenant = tenant
        self.chatwoot = chatwoot
        self.world = chatwoot.world
        self.world.deliveries.hold()
        self.installation = ChatwootInstallation.objects.filter(base_url=chatwoot.url).first()
        if self.installation is None:
            self.installation = ChatwootInstallation(name=chatwoot.url, base_url=chatwoot.url)
            self.installation.save()
        self.channel = ChannelMapping(
            tenant=tenant,
            installation=self.installation,
            account_id=chatwoot.account.id,
            inbox_id=chatwoot.inbox.id,
        )
        self.channel.save()
        self.connection = connections.connect(
            tenant,
            installation=self.installation,
            account_id=chatwoot.account.id,
            bot_token=chatwoot.bot.token,
            user_token=chatwoot.admin.token if can_look else None,
            secrets=[chatwoot.bot.secret],
            bot_id=chatwoot.bot.id,
        )
        self.connection.listens_since -= timedelta(days=30)
        self.connection.save()
        self.token = credentials.reveal_own(
            tenant, self.connection.address_ref, purpose="test"
        ).text
        chatwoot.tell_bot(self.path)
        self.choose(**{**AUTOMATIC, **settings})

    @property
    def path(self):
        return reverse("chatwoot_webhook", args=[self.token])

    def choose(self, **settings):
        """Of the channel, on top of what was chosen before."""
        self.channel.settings = {**self.channel.settings, **settings}
        self.channel.save()

    def choose_for_company(self, **settings):
        row = Configuration.objects.get(tenant=self.tenant)
        row.settings = {**row.settings, **settings}
        row.save()

    # What happens in Chatwoot

    def writes(self, text, talk=None, **values):
        """A customer writes, and Chatwoot tells us."""
        where = {} if talk is not None else {"inbox": self.chatwoot.inbox}
        message = self.world.customer_writes(text, talk, **where, **values)
        self.deliver()
        return message

    def does(self, act, *args, **values):
        """Somebody does something in Chatwoot, and we are told."""
        done = getattr(self.world, act)(*args, **values)
        self.deliver()
        return done

    def deliver(self, *, is_reversed=False):
        """Post what Chatwoot has to tell; gives the answers."""
        held, self.world.deliveries._held = self.world.deliveries._held, []
        return [self.post(d) for d in (reversed(held) if is_reversed else held)]

    def lose(self):
        """What Chatwoot has to tell never arrives."""
        self.world.deliveries._held = []

    def post(self, delivery):
        delivery.body = rails_json(delivery.make_body())
        headers = headers_for(delivery, time.time())
        return Client().post(
            delivery.url,
            data=delivery.body,
            content_type=headers.pop("Content-Type"),
            headers=headers,
        )

    # What we do

    def passes(self, **time):
        """So much time passes for everything that waits."""
        back = timedelta(**time)
        Conversation.objects.exclude(due_at=None).update(
            due_at=F("due_at") - back, burst_at=F("burst_at") - back
        )
        Conversation.objects.exclude(lease_until=None).update(lease_until=F("lease_until") - back)
        OutboundMessage.objects.exclude(next_try_at=None).update(
            next_try_at=F("next_try_at") - back
        )
        OutboundMessage.objects.exclude(last_attempt_at=None).update(
            last_attempt_at=F("last_attempt_at") - back
        )
        OutboundMessage.objects.update(created_at=F("created_at") - back)
        InboundEvent.objects.update(received_at=F("received_at") - back)

    def works(self, **time):
        """Everything that is due by then is worked off, and Chatwoot tells of it."""
        self.passes(**(time or {"minutes": 1}))
        tasks.answer_conversation(conversation_id=0, tenant_id=self.tenant.pk)
        self.deliver()

    # What came of it

    def talk(self, message):
        return Conversation.objects.get(number=message.conversation.id, tenant=self.tenant)

    def outcome(self, message):
        row = InboundEvent.objects.get(message_id=message.id, event="message_created")
        return row.outcome, row.reason

    def replies(self, message, *, private=False):
        """What the bot said in the conversation, as the customer (or staff) sees it."""
        bot = self.chatwoot.bot
        return [
            row.content
            for row in message.conversation.messages
            if row.sender is bot and row.is_private is private
        ]

    def turns(self):
        return Turn.objects.filter(tenant=self.tenant).order_by("pk")
