"""How customers ask for a person, in Portuguese, English and Spanish: patterns over a clause.

A clause is what `phrases` makes of a sentence: folded words and commas, each with one space before
it. Whatever may repeat is counted, so no text takes longer than its length allows.
"""

import re

from crews.texts.vocabulary import (
    AND_NOT,
    ARTICLE,
    BARE,
    BEFORE,
    CONTACT,
    FETCH,
    FILLER,
    FOR_ME,
    GREETING,
    HELP_FROM,
    HERE,
    HUMAN,
    IS_THERE,
    MACHINE,
    ME,
    MOVE,
    MOVE_ME,
    MOVE_ME_TO,
    NEED,
    NO_MORE,
    NOW,
    PLEASE,
    SERVE,
    SOMEBODY,
    STAFF,
    STOPPING,
    TALK,
    TALK_FIRST,
    TALK_TO_IT,
    TEAM,
    THANKS,
    TIRED,
    TO_MOVE,
    TO_MOVE_ME,
    TO_TALK_TO,
    TOWARDS,
    WANT,
    WILL_YOU,
    WISH,
    WITH,
    YES,
    any_of,
)


def _some(words: str, most: int) -> str:
    return f"(?: {words}){{0,{most}}}"


def _unless_after(words: str) -> str:
    return "".join(f"(?<! {word})" for word in words.split("|"))


NOT_NEGATED = _unless_after(
    "nao|n|nem|sem|nunca|sin|jamas|dont|doesnt|didnt|wouldnt|wont|not|never|no|without"
)
NOT_IF = _unless_after("if i|if we|if you|se|se eu|caso eu|caso|si")
# Followed by one of these, the word before it means something else: an "atendente virtual".
NOT_THEN = r"(?![^ ])(?! (?:juridic|fisic|virtua|artificia|digita|automa|robo|bot))"
OPENING = rf"(?:^|(?<= ,)){_some(any_of(GREETING, PLEASE, THANKS, YES, ','), 3)}"
# The sentence is over, or goes on with what the person is wanted for.
GOES_ON = rf"(?= (?:,|{any_of(FOR_ME, AND_NOT)})(?![^ ]))"
DONE = rf"{_some(any_of(PLEASE, THANKS, YES, NOW, HERE), 3)}(?:$|{GOES_ON})"

ANYONE = rf"{_some(ARTICLE, 2)} (?:{HUMAN}|{STAFF}|{TEAM}|{SOMEBODY}){NOT_THEN}"
SOMEONE = rf"{_some(ARTICLE, 2)} (?:{HUMAN}|{STAFF}|{SOMEBODY}){NOT_THEN}"
CLEARLY = rf"{_some(ARTICLE, 2)} (?:{HUMAN}|{STAFF}|{TEAM}){NOT_THEN}"
TALK_WITH = rf"(?: {TALK}{_some(FILLER, 2)} {WITH}| {HELP_FROM})"
HAND = rf"(?:me {TO_MOVE}|{TO_MOVE} me|{TO_MOVE_ME})"
I_ASK = r"(?:falo|converso|entro em contato|hablo|contacto|me comunico)"

# Without one of these, no sentence is worth a closer look.
MENTIONED = re.compile(rf" (?:{HUMAN}|{STAFF}|{TEAM}|{SOMEBODY}|{MACHINE}|anyone|anybody)(?![^ ])")

# Nobody asks a question with these: what is wished is wished.
WISHES = tuple(
    re.compile(pattern)
    for pattern in (
        # quero falar com um atendente · can I talk to a person · quiero hablar con alguien
        rf"{NOT_NEGATED} {WISH}{_some(FILLER, 4)}{TALK_WITH}{ANYONE}",
        # how can I contact support
        rf"{NOT_NEGATED} {WISH}{_some(FILLER, 4)} {CONTACT}{CLEARLY}",
        # falar com atendente, as a whole
        rf"{OPENING} {TALK_FIRST}{_some(FILLER, 2)} {WITH}{ANYONE}{DONE}",
        # como falo com um atendente
        rf" (?:como|onde|com quem|donde|con quien){_some(FILLER, 2)} {I_ASK} {WITH}{ANYONE}",
        # como falar com um atendente · how to talk to a human
        rf" (?:como|onde|how to|where to|donde) {TALK_FIRST} {WITH}{ANYONE}{DONE}",
        # me passa pra uma pessoa · pásame con un agente
        rf"{NOT_NEGATED} (?:me {MOVE}|{MOVE} me|{MOVE_ME}){_some(FILLER, 2)} {TOWARDS}{ANYONE}",
        rf"{NOT_NEGATED} {WILL_YOU}{_some(FILLER, 2)} {HAND}{_some(FILLER, 2)} {TOWARDS}{ANYONE}",
        rf"{NOT_NEGATED} me {WILL_YOU} {TO_MOVE} {TOWARDS}{ANYONE}",
        rf"{NOT_NEGATED} {WILL_YOU}{_some(FILLER, 2)} {TO_MOVE} {TOWARDS}{CLEARLY}",
        rf"{OPENING} (?:{MOVE}|{TO_MOVE}) {TOWARDS}{CLEARLY}{DONE}",
        # please connect me to an agent · transfer to agent
        rf"(?:{OPENING}| {BEFORE}) {MOVE_ME_TO}{_some(ME, 4)} {TOWARDS}{ANYONE}",
        # chama um atendente · get me a person · dame un agente
        rf"(?:{OPENING}| {BEFORE})(?: me)? {FETCH}{SOMEONE}{DONE}",
        # quero um humano · I want a person
        rf"{NOT_NEGATED} {WANT}{_some(FILLER, 1)}{SOMEONE}{DONE}",
        # quero que um atendente me ligue · quiero que me atienda una persona
        rf"{NOT_NEGATED} (?:{WANT}|{NEED}) que{SOMEONE} me(?![^ ])",
        rf"{NOT_NEGATED} (?:{WANT}|{NEED}) que me {SERVE}{SOMEONE}",
        # tem algum atendente aí? · is there a real person?
        rf"(?:{OPENING}| voces| vcs| e| nao| aqui) {IS_THERE}{_some(ARTICLE, 2)} {HUMAN}{DONE}",
        rf" {IS_THERE}{_some(ARTICLE, 2)} (?:{SOMEBODY}|anyone|anybody) {TO_TALK_TO}",
        # não quero falar com robô · tired of talking to a bot
        rf" {TIRED}(?: mais)? {TALK_TO_IT}(?: mais)? {WITH}{_some(ARTICLE, 2)} {MACHINE}(?![^ ])",
        rf"{OPENING} {NO_MORE}{_some(ARTICLE, 1)} {MACHINE}{DONE}",
    )
)
# With a question mark behind, these ask whether one has to.
NEEDS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{NOT_NEGATED}{NOT_IF} {NEED}{_some(FILLER, 4)}{TALK_WITH}{ANYONE}",
        rf"{NOT_NEGATED}{NOT_IF} {NEED}{_some(FILLER, 2)}{SOMEONE}{DONE}",
    )
)
# A line that says nothing else. "Oi, atendente" only greets, "oi, atendente por favor" asks, and
# "a atendente" answers the question who it was.
_CALLED = rf"(?:(?:uma?|outr[oa]|an|another|una?|otr[oa]) )?(?:{HUMAN}|{BARE})"
_AROUND = rf"(?:(?:{any_of(PLEASE, YES, NOW)}|,|opcao|option|opcion|\d) ?){{0,3}}"
_GREETED = rf"(?:(?:{GREETING}|,) ?){{0,3}}"
ALONE = re.compile(
    rf"{_AROUND}{_CALLED}(?: {_AROUND})?"
    rf"|{_GREETED}{_CALLED}(?: ,)? {PLEASE}(?: {_AROUND})?"
    rf"|{_GREETED}{PLEASE}(?: ,)? {_CALLED}"
)
STOP = re.compile(rf"(?:{PLEASE} )?{STOPPING}(?: {PLEASE})?")
