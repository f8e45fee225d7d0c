"""What was said, whose turn it is, what goes out, and what staff must know of."""

from crews.models.alarm import Alarm, AlarmKind
from crews.models.conversation import Chore, Control, Conversation, Status
from crews.models.event import InboundEvent, Via
from crews.models.outbound import PRIVATE, UNFINISHED, OutboundMessage, OutboundState, Part
from crews.models.outcomes import FAILURES, Outcome, Reason
from crews.models.turn import Turn, TurnState

__all__ = [
    "FAILURES",
    "PRIVATE",
    "UNFINISHED",
    "Alarm",
    "AlarmKind",
    "Chore",
    "Control",
    "Conversation",
    "InboundEvent",
    "OutboundMessage",
    "OutboundState",
    "Outcome",
    "Part",
    "Reason",
    "Status",
    "Turn",
    "TurnState",
    "Via",
]
