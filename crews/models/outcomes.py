"""How a message can end, and the reasons for it: one row, one outcome, one reason."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Outcome(models.TextChoices):
    """There is no fifth. Empty means that it is still to be answered."""

    ANSWERED = "answered", pgettext_lazy("message", "answered")
    HANDED_OFF = "handed_off", pgettext_lazy("message", "handed to a person")
    IGNORED = "ignored", pgettext_lazy("message", "ignored")
    EXPIRED = "expired", pgettext_lazy("message", "expired")


class Reason(models.TextChoices):
    # Answered
    REPLIED = "replied", _("a reply was sent")
    # Handed to a person
    SUGGESTED = "suggested", _("a draft was written for a person")
    NO_ANSWERER = "no_answerer", _("nothing is set up to answer yet")
    ASKED_FOR_PERSON = "asked_for_person", _("the customer asked for a person")
    NOT_SUPPORTED = "not_supported", _("the knowledge does not answer it")
    CREW_ASKED = "crew_asked", _("the crew asked for a person")
    REPEATED = "repeated", _("the same answer again")
    UNHELPED = "unhelped", _("several answers did not help")
    LOOP = "loop", _("another machine seems to answer")
    FAILED = "failed", _("answering failed")
    DEADLINE = "deadline", _("answering took too long")
    MODEL_DOWN = "model_down", _("the language model gave no answer")
    BUDGET = "budget", _("the budget is used up")
    MEDIA = "media", _("a file that cannot be read")
    RULE = "rule", _("a rule of the company")
    OUTSIDE_HOURS = "outside_hours", _("outside business hours")
    TOO_OLD = "too_old", _("older than the company answers by itself")
    WATCHDOG = "watchdog", _("nothing had happened for too long")
    UNSURE_SENT = "unsure_sent", _("it is unknown whether the reply arrived")
    REJECTED = "rejected", _("Chatwoot refused the reply")
    WINDOW_CLOSED = "window_closed", _("the channel's time for answers is over")
    PERSON_CAME = "person_came", _("a person took over")
    BEING_HANDED_OVER = "being_handed_over", _("written while it was handed over")
    # Ignored
    OWN_MESSAGE = "own_message", _("our own message")
    NO_ANSWER_NEEDED = "no_answer_needed", _("needs no answer")
    UNKNOWN_EVENT = "unknown_event", _("an event we do not know")
    UNMAPPED = "unmapped", _("the inbox belongs to no company")
    COMPANY_INACTIVE = "company_inactive", _("the company is not active")
    MODE_OFF = "mode_off", _("answering is switched off")
    WITH_PERSON = "with_person", _("a person has the conversation")
    PAUSED = "paused", _("the conversation is paused")
    CONVERSATION_OPEN = "conversation_open", _("the conversation is open in Chatwoot")
    BLOCKED = "blocked", _("the contact is blocked")
    IGNORED_CONTACT = "ignored_contact", _("the contact is on the ignore list")
    GROUP = "group", _("a group")
    NO_TRIGGER = "no_trigger", _("without a trigger word")
    CLOSED = "closed", _("outside business hours nothing is said")
    SANDBOX = "sandbox", _("a company for trying out sends nothing")
    DELETED = "deleted", _("deleted before it was answered")
    EMPTY = "empty", _("without any content")
    BEFORE_CONNECTION = "before_connection", _("written before Chatwoot was connected")
    # Expired
    NOT_SENT_IN_TIME = "not_sent_in_time", _("Chatwoot could not be reached for too long")


# The bot could not do its work, through no fault of the customer or wish of the company.
FAILURES = (
    Reason.FAILED,
    Reason.DEADLINE,
    Reason.MODEL_DOWN,
    Reason.REJECTED,
    Reason.UNSURE_SENT,
)
