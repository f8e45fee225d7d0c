"""What a worker has before it while it works on one conversation."""

import time
from dataclasses import dataclass, field
from typing import Any

from crews import claims, speaking
from crews.catching_up import Reading
from crews.claims import Claim, Standing
from crews.models import Conversation
from integrations.chatwoot import connections
from integrations.chatwoot.client import ChatwootClient
from integrations.chatwoot.connections import Door
from tenants import configuration
from tenants.configuration import Effective


class TakenOverError(Exception):
    """A person has the conversation now: nothing more is said."""


class OvertakenError(Exception):
    """The customer wrote more before anything was sent: answer all of it together."""


@dataclass(slots=True)
class Desk:
    """`deadline` is a moment of `time.monotonic`."""

    claim: Claim
    conversation: Conversation
    door: Door
    config: Effective
    arrivals: int
    deadline: float
    turn_id: int | None = None
    reading: Reading | None = None
    notes: dict[str, Any] = field(default_factory=dict)
    _client: ChatwootClient | None = field(default=None, repr=False)

    @property
    def mode(self) -> str:
        return str(self.config.setting("mode"))

    @property
    def is_sandbox(self) -> bool:
        return bool(self.config.setting("sandbox"))

    @property
    def can_look(self) -> bool:
        """Whether what arrived at Chatwoot can be read back."""
        return self.door.user_token is not None

    @property
    def client(self) -> ChatwootClient:
        if self._client is None:
            self._client = self.door.client(turn=self.turn_id)
        return self._client

    def is_about(self, turn_id: int) -> None:
        """From now on calls are written down as part of this turn."""
        self.turn_id, self._client = turn_id, None

    def note(self, **values: Any) -> None:
        """About the conversation; written down together with what is decided."""
        self.notes |= values

    def write_notes(self) -> None:
        if self.notes:
            self.claim.rows.update(**self.notes)
            self.notes = {}

    def hold(self) -> Standing:
        return claims.hold(self.claim)

    def fence(self) -> Standing:
        """Renew the lease; TakenOverError when the bot may not speak any more."""
        standing = self.hold()
        if not speaking.may_speak(standing.control, mode=self.mode):
            raise TakenOverError
        return standing


def sit_down(claim: Claim) -> Desk:
    rows = Conversation.objects.select_related("tenant", "domain")
    conversation = rows.get(pk=claim.conversation_id)
    door = connections.door_to(conversation.connection_id)
    config = configuration.effective(
        conversation.tenant_id,
        channel_id=conversation.channel_id,
        domain=conversation.domain.slug if conversation.domain is not None else None,
        version=door.version_of(conversation.tenant_id),
    )
    return Desk(
        claim=claim,
        conversation=conversation,
        door=door,
        config=config,
        arrivals=claim.arrivals,
        deadline=time.monotonic() + config.setting("turn_deadline_seconds"),
    )
