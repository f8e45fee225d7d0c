"""The settings that a domain, a company or a channel may choose: one literal table.

A part of the product that needs a setting adds a line here; forms, files, checks and the page of
effective values follow. What nobody chose has the default of the table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

Choices = tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Option:
    kind: type
    default: Any
    label: Any
    help_text: Any = ""
    choices: Choices = ()
    longest: int = 2_000
    least: int = 0
    most: int = 1_000_000

    def complaint(self, value: Any) -> str:
        """What is wrong with a value, as a sentence; empty when it may stand."""
        if type(value) is not self.kind:
            return gettext("Write %(kind)s here.") % {"kind": KINDS[self.kind]}
        if self.choices and value not in dict(self.choices):
            allowed = ", ".join(key for key, _label in self.choices)
            return gettext("“%(value)s” is not allowed. Allowed: %(allowed)s.") % {
                "value": value,
                "allowed": allowed,
            }
        if isinstance(value, str) and len(value) > self.longest:
            return gettext("At most %(most)d characters.") % {"most": self.longest}
        if isinstance(value, int) and not self.least <= value <= self.most:
            words = {"least": self.least, "most": self.most}
            return gettext("Write a number from %(least)d to %(most)d.") % words
        return ""


KINDS: Mapping[type, Any] = {
    bool: _("true or false"),
    str: _("a text"),
    int: _("a whole number"),
}

OUTSIDE_HOURS: Choices = (
    ("answer", _("Answer as usual")),
    ("collect", _("Take the request and say when somebody will be there")),
    ("silent", _("Say nothing")),
)

MODES: Choices = (
    ("off", _("Off: nothing is answered")),
    ("suggest", _("Suggest: drafts for people, as private notes")),
    ("automatic", _("Automatic: the customer is answered")),
)
RESUME: Choices = (
    ("never", _("Only when somebody presses the button")),
    ("on_resolve", _("When the conversation was resolved")),
    ("on_pending", _("When the conversation becomes pending again")),
    ("after_hours", _("Some hours after the person's last message")),
)
UNCONFIRMED: Choices = (
    ("hand_over", _("Hand the conversation to a person")),
    ("send_again", _("Send it again")),
)
PRIORITIES: Choices = (
    ("unchanged", _("Leave as it is")),
    ("low", _("Low")),
    ("medium", _("Medium")),
    ("high", _("High")),
    ("urgent", _("Urgent")),
)

OPTIONS: Mapping[str, Option] = {
    "mode": Option(str, "suggest", _("Answering"), choices=MODES),
    "quiet_seconds": Option(
        int,
        4,
        _("Wait for more messages (seconds)"),
        _("The answer begins when the customer has been quiet for this long."),
        most=120,
    ),
    "quiet_max_seconds": Option(
        int,
        15,
        _("Wait at most (seconds)"),
        _("Counted from the first message that is not answered yet."),
        most=600,
    ),
    "turn_deadline_seconds": Option(
        int,
        90,
        _("Time for an answer (seconds)"),
        _("After this a person gets the conversation."),
        least=5,
        most=600,
    ),
    "max_message_age_hours": Option(
        int,
        24,
        _("Oldest message that is answered (hours)"),
        _("Older ones, for example after an outage, go to a person."),
        least=1,
        most=720,
    ),
    "answer_open": Option(
        bool,
        False,
        _("Answer open conversations too"),
        _("In Chatwoot, open conversations are with people and pending ones with the bot."),
    ),
    "resume": Option(str, "on_pending", _("After a person, the bot answers again"), choices=RESUME),
    "resume_hours": Option(int, 12, _("Hours after the person's last message"), least=1, most=720),
    "disclosure": Option(
        bool, True, _("Say that a bot answers"), _("Before the first answer of a conversation.")
    ),
    "disclosure_text": Option(
        str, "", _("Words for that"), _("Empty: a plain sentence in the customer's language.")
    ),
    "most_bubbles": Option(
        int, 3, _("Messages per answer"), _("A long answer is split in so many."), least=1, most=10
    ),
    "languages": Option(
        str,
        "pt-br, en, es",
        _("Languages of customers"),
        _("Separated by commas, the usual one first."),
        longest=60,
    ),
    "handoff_text": Option(
        str,
        "",
        _("Text when a person takes over"),
        _("Empty: a plain sentence in the customer's language."),
    ),
    "handoff_label": Option(str, "", _("Label on hand-over"), longest=60),
    "handoff_priority": Option(str, "unchanged", _("Priority on hand-over"), choices=PRIORITIES),
    "handoff_team": Option(
        int, 0, _("Team on hand-over"), _("Its number in Chatwoot; 0 for none."), most=2**31
    ),
    "handoff_team_outside_hours": Option(
        int, 0, _("Team outside business hours"), _("0 for the same one."), most=2**31
    ),
    "handoff_agent": Option(
        int, 0, _("Person on hand-over"), _("Number in Chatwoot; 0 for none."), most=2**31
    ),
    "person_words": Option(
        str,
        "",
        _("Further words that ask for a person"),
        _("One per line. The usual ones in Portuguese, English and Spanish are known."),
    ),
    "most_unhelped": Option(
        int,
        2,
        _("Answers that do not help, in a row"),
        _("After so many a person gets the conversation; 0 for no limit."),
        most=20,
    ),
    "media_text": Option(
        str,
        "",
        _("Text for files that cannot be read"),
        _("Empty: a plain sentence in the customer's language."),
    ),
    "media_hands_over": Option(
        bool,
        True,
        _("Files that cannot be read go to a person"),
        _("Otherwise the customer is asked to write it."),
    ),
    "unconfirmed": Option(
        str,
        "hand_over",
        _("When it stays unknown whether an answer arrived"),
        _("Only without the token of a person, which lets us look."),
        choices=UNCONFIRMED,
    ),
    "settle_seconds": Option(
        int,
        30,
        _("Look for an unconfirmed answer after (seconds)"),
        _("Longer than Chatwoot may be busy with one request."),
        least=1,
        most=600,
    ),
    "watchdog_minutes": Option(
        int,
        10,
        _("Minutes until a forgotten message goes to a person"),
        least=1,
        most=1_440,
    ),
    "trigger_words": Option(
        str,
        "",
        _("Answer only with these words"),
        _("One per line; a conversation begins with one of them. Empty: always."),
    ),
    "ignored_contacts": Option(
        str,
        "",
        _("Contacts that are never answered"),
        _("Phone numbers, e-mails or contact numbers, one per line."),
        longest=20_000,
    ),
    "answer_groups": Option(bool, False, _("Answer in groups")),
    "sandbox": Option(bool, False, _("For trying out"), _("Everything runs, and nothing is sent.")),
    "retention_days": Option(
        int,
        30,
        _("Days that texts are kept"),
        _("Of messages and events; what became of them stays."),
        least=1,
        most=3_650,
    ),
    "summary_days": Option(
        int,
        365,
        _("Days that summaries are kept"),
        _("Of hand-overs to people; what was said in full goes earlier."),
        least=1,
        most=3_650,
    ),
    "alarm_webhook_url": Option(
        str, "", _("Address for alarms"), _("Alarms are posted there as JSON."), longest=300
    ),
    "outside_hours": Option(
        str,
        "answer",
        _("Outside business hours"),
        _("What happens to a message while the company is closed."),
        OUTSIDE_HOURS,
    ),
    "outside_hours_text": Option(
        str,
        "",
        _("Text outside business hours"),
        _("Sent when the request is only taken. Empty: a plain sentence with the next opening."),
    ),
    "mask_personal_data": Option(
        bool,
        False,
        _("Mask personal data in prompts"),
        _("CPF, cards, phone numbers and e-mails are covered before a model reads them."),
    ),
    "search_weight_dense": Option(
        int,
        1,
        _("Search: weight of meaning"),
        _("How much the vectors of the model count, where one is set up. 0 leaves it out."),
        most=100,
    ),
    "search_weight_words": Option(
        int,
        2,
        _("Search: weight of words"),
        _("How much the words of the question count, in any of their forms."),
        most=100,
    ),
    "search_weight_chars": Option(
        int,
        2,
        _("Search: weight of spelling"),
        _("How much parts of words count; they find what is typed wrongly."),
        most=100,
    ),
    "support_needed": Option(
        int,
        0,
        _("Support that an answer needs (percent)"),
        _(
            "How much of the question the knowledge has to cover before it is answered from it."
            " 0: as found out from the company's own texts."
        ),
        most=100,
    ),
}

# How forms put them together; every setting stands in one group (a test).
GROUPS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (
        _("Answering customers"),
        (
            "mode",
            "quiet_seconds",
            "quiet_max_seconds",
            "turn_deadline_seconds",
            "max_message_age_hours",
            "answer_open",
            "outside_hours",
            "outside_hours_text",
        ),
    ),
    (
        _("Hand-over to people"),
        (
            "handoff_text",
            "handoff_label",
            "handoff_priority",
            "handoff_team",
            "handoff_team_outside_hours",
            "handoff_agent",
            "person_words",
            "most_unhelped",
            "media_hands_over",
            "media_text",
            "resume",
            "resume_hours",
        ),
    ),
    (_("Who is answered"), ("trigger_words", "ignored_contacts", "answer_groups")),
    (
        _("Texts and languages"),
        ("languages", "disclosure", "disclosure_text", "most_bubbles"),
    ),
    (
        _("Search in the knowledge"),
        (
            "search_weight_dense",
            "search_weight_words",
            "search_weight_chars",
            "support_needed",
        ),
    ),
    (
        _("Operation"),
        (
            "sandbox",
            "unconfirmed",
            "settle_seconds",
            "watchdog_minutes",
            "alarm_webhook_url",
            "retention_days",
            "summary_days",
            "mask_personal_data",
        ),
    ),
)


def defaults() -> dict[str, Any]:
    return {key: option.default for key, option in OPTIONS.items()}
