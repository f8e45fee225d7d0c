"""One factory per model; the tenant is passed down to related rows."""

import datetime
import uuid

import factory
from django.db import transaction
from django.utils import timezone
from factory.django import DjangoModelFactory

from crews.models import (
    Alarm,
    AlarmKind,
    Conversation,
    InboundEvent,
    OutboundMessage,
    Outcome,
    Reason,
    Turn,
    TurnState,
)
from integrations.chatwoot import connections
from integrations.models import (
    Breaker,
    Connection,
    LlmCall,
    ModelPrice,
    ModelProfile,
    Provider,
    RemoteCall,
    UsageMail,
)
from integrations.models.breaker import State
from integrations.models.remote_call import Outcome as CallOutcome
from knowledge.models import (
    Article,
    BusinessRule,
    Document,
    Errand,
    Faq,
    Import,
    ImportProblem,
    Index,
    PageReport,
    Passage,
    Product,
    SearchCase,
    Space,
    Upload,
    UploadPart,
    WebPage,
    Website,
)
from knowledge.models import (
    Kind as KnowledgeKind,
)
from tenants import credentials
from tenants.access import Role
from tenants.audit import Action
from tenants.models import (
    ApiToken,
    AuditEntry,
    Budget,
    ChannelMapping,
    ChatwootInstallation,
    Configuration,
    ConfigurationVersion,
    Credential,
    CredentialAccess,
    DataKey,
    FieldMapping,
    Holiday,
    InstallationCredential,
    InstallationKey,
    Membership,
    OpeningHours,
    Spending,
    Tenant,
    User,
)
from tenants.models.budget import OnExceed, Period
from tenants.models.credential import Kind, Source
from tests.sample.models import Lamp, Room, Tag

PASSWORD = "correct-horse-battery"


class TenantFactory(DjangoModelFactory):
    class Meta:
        model = Tenant

    slug = factory.Sequence(lambda n: f"company-{n}")
    name = factory.Sequence(lambda n: f"Company {n}")


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.com")
    name = factory.Sequence(lambda n: f"Person {n}")
    password = factory.django.Password(PASSWORD)


class OfTenantFactory(DjangoModelFactory):
    class Meta:
        abstract = True

    tenant = factory.SubFactory(TenantFactory)


class MembershipFactory(OfTenantFactory):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    role = Role.AGENT


class ApiTokenFactory(OfTenantFactory):
    class Meta:
        model = ApiToken

    name = factory.Sequence(lambda n: f"Token {n}")
    prefix = "cwai_example"
    digest = factory.Sequence(lambda n: f"{n:064d}")
    scopes = factory.LazyFunction(lambda: ["team:read"])


class AuditEntryFactory(OfTenantFactory):
    class Meta:
        model = AuditEntry

    action = Action.CHANGED
    object_label = factory.Sequence(lambda n: f"Row {n}")
    object_type = "sample.room"
    object_id = factory.Sequence(str)
    actor_label = factory.Sequence(lambda n: f"Actor {n}")


class DataKeyFactory(OfTenantFactory):
    """A retired one that opens nothing; `encryption.make_key` makes real ones."""

    class Meta:
        model = DataKey

    number = factory.Sequence(lambda n: 1000 + n)
    master_id = "gone"
    wrapped = b"wrapped"
    retired_at = factory.LazyFunction(timezone.now)


class InstallationKeyFactory(DjangoModelFactory):
    class Meta:
        model = InstallationKey

    number = factory.Sequence(lambda n: 1000 + n)
    master_id = "gone"
    wrapped = b"wrapped"
    retired_at = factory.LazyFunction(timezone.now)


class CredentialFactory(OfTenantFactory):
    """`secret="…"` is what it holds."""

    class Meta:
        model = Credential

    ref = factory.Sequence(lambda n: f"credential-{n}")
    label = factory.Sequence(lambda n: f"Credential {n}")

    @classmethod
    def _create(cls, model_class, *args, secret="a-secret-of-nobody", **values):
        row = model_class(**values)
        with transaction.atomic():
            credentials.put(row, secret)
            row.save()
        return row


class InstallationCredentialFactory(DjangoModelFactory):
    class Meta:
        model = InstallationCredential

    ref = factory.Sequence(lambda n: f"credential-{n}")
    label = factory.Sequence(lambda n: f"Credential {n}")
    _create = CredentialFactory._create


class CredentialAccessFactory(OfTenantFactory):
    class Meta:
        model = CredentialAccess

    ref = factory.Sequence(lambda n: f"credential-{n}")
    kind = Kind.ODOO
    source = Source.OWN
    actor = factory.Sequence(lambda n: f"Actor {n}")
    purpose = "look up a product"


class BudgetFactory(OfTenantFactory):
    class Meta:
        model = Budget

    period = Period.DAY
    token_limit = 1_000
    on_exceed = OnExceed.PERSON


class SpendingFactory(OfTenantFactory):
    class Meta:
        model = Spending

    budget = factory.SubFactory(
        BudgetFactory, tenant=factory.SelfAttribute("..tenant"), period=Period.MONTH
    )
    window = factory.Sequence(lambda n: f"2026-{n % 12 + 1:02}")
    updated_at = factory.LazyFunction(timezone.now)


class ConfigurationFactory(OfTenantFactory):
    """The one that came with the company."""

    class Meta:
        model = Configuration

    @classmethod
    def _create(cls, model_class, tenant, **values):
        row = model_class.objects.get(tenant=tenant)
        for name, value in values.items():
            setattr(row, name, value)
        row.save()
        return row


class OfConfigurationFactory(OfTenantFactory):
    class Meta:
        abstract = True

    configuration = factory.LazyAttribute(lambda row: row.tenant.configuration_set.get())


class FieldMappingFactory(OfConfigurationFactory):
    class Meta:
        model = FieldMapping

    kind = factory.Sequence(lambda n: f"kind-{n}")
    field = "price"
    source = "valor"


class OpeningHoursFactory(OfConfigurationFactory):
    class Meta:
        model = OpeningHours

    weekday = 0
    opens_at = datetime.time(8)
    closes_at = datetime.time(18)


class HolidayFactory(OfConfigurationFactory):
    class Meta:
        model = Holiday

    date = factory.Sequence(lambda n: datetime.date(2026, 1, 1) + datetime.timedelta(days=n))
    name = factory.Sequence(lambda n: f"Holiday {n}")


class ConfigurationVersionFactory(OfTenantFactory):
    class Meta:
        model = ConfigurationVersion

    number = factory.Sequence(lambda n: n + 100)
    author = factory.Sequence(lambda n: f"Author {n}")
    document = factory.LazyAttribute(lambda row: {"name": f"Name of {row.author}"})


class ChatwootInstallationFactory(DjangoModelFactory):
    class Meta:
        model = ChatwootInstallation

    name = factory.Sequence(lambda n: f"Chatwoot {n}")


class ChannelMappingFactory(OfTenantFactory):
    class Meta:
        model = ChannelMapping

    installation = factory.SubFactory(ChatwootInstallationFactory)
    account_id = factory.Sequence(lambda n: n + 1)
    name = factory.Sequence(lambda n: f"Channel {n}")


class ConnectionFactory(OfTenantFactory):
    """With the tokens and secrets that the test names, and an address for its webhook."""

    class Meta:
        model = Connection

    installation = factory.SubFactory(ChatwootInstallationFactory)
    account_id = factory.Sequence(lambda n: n + 1)

    @classmethod
    def _create(cls, model_class, tenant, installation, account_id, **values):
        tokens = {name: values.pop(name, None) for name in ("bot_token", "user_token", "secrets")}
        row = connections.connect(
            tenant, installation=installation, account_id=account_id, **tokens
        )
        for name, value in _of_their_kind(values).items():
            setattr(row, name, value)
        row.save()
        return row


def _of_their_kind(values):
    """The walk marks documents as mappings; those of a connection are lists."""
    checks, refs = values.get("checks"), values.get("secret_refs")
    if isinstance(checks, dict):
        sentence = " ".join(checks.values())
        values["checks"] = [{"name": "address", "ok": False, "sentence": sentence}]
    if isinstance(refs, dict):
        values["secret_refs"] = list(refs.values())
    return values


class RemoteCallFactory(OfTenantFactory):
    class Meta:
        model = RemoteCall

    service = "odoo"
    connection = factory.Sequence(lambda n: f"odoo:{n}")
    method = "GET"
    address = "https://erp.example.com/json/2"
    status = 200
    outcome = CallOutcome.ANSWERED
    duration_ms = 12


class BreakerFactory(OfTenantFactory):
    class Meta:
        model = Breaker

    service = "odoo"
    connection = factory.Sequence(lambda n: f"odoo:{n}")
    state = State.OPEN
    failures = 5


class ProviderFactory(OfTenantFactory):
    """Of a server without a key, unless the test names one."""

    class Meta:
        model = Provider

    name = factory.Sequence(lambda n: f"Provider {n}")
    kind = "compatible"
    base_url = "https://models.example.com/v1"


class ModelProfileFactory(OfTenantFactory):
    class Meta:
        model = ModelProfile

    provider = factory.SubFactory(ProviderFactory, tenant=factory.SelfAttribute("..tenant"))
    use = "answers"
    model = "gpt-4o-mini"


class ModelPriceFactory(DjangoModelFactory):
    class Meta:
        model = ModelPrice

    pattern = factory.Sequence(lambda n: f"model-{n}")
    price_in = 1
    price_out = 2


class LlmCallFactory(OfTenantFactory):
    class Meta:
        model = LlmCall

    use = "answers"
    model = "gpt-4o-mini"
    state = "ok"
    tokens_in = 100
    tokens_out = 20
    created_at = factory.LazyFunction(timezone.now)


class UsageMailFactory(OfTenantFactory):
    class Meta:
        model = UsageMail

    month = factory.Sequence(lambda n: f"20{n % 100:02}-11")
    claimed_at = factory.LazyFunction(timezone.now)


class ConversationFactory(OfTenantFactory):
    class Meta:
        model = Conversation

    connection = factory.SubFactory(ConnectionFactory, tenant=factory.SelfAttribute("..tenant"))
    number = factory.Sequence(lambda n: n + 1)
    contact_name = factory.Sequence(lambda n: f"Customer {n}")


class TurnFactory(OfTenantFactory):
    """One that ended well."""

    class Meta:
        model = Turn

    conversation = factory.SubFactory(ConversationFactory, tenant=factory.SelfAttribute("..tenant"))
    state = TurnState.DONE
    outcome = Outcome.ANSWERED
    reason = Reason.REPLIED
    finished_at = factory.LazyFunction(timezone.now)


class InboundEventFactory(OfTenantFactory):
    """A customer's message that waits for its answer."""

    class Meta:
        model = InboundEvent

    conversation = factory.SubFactory(ConversationFactory, tenant=factory.SelfAttribute("..tenant"))
    connection = factory.SelfAttribute("conversation.connection")
    event = "message_created"
    message_id = factory.Sequence(lambda n: n + 1)
    author = "customer"
    text = factory.Sequence(lambda n: f"Question {n}")


class OutboundMessageFactory(OfTenantFactory):
    class Meta:
        model = OutboundMessage

    turn = factory.SubFactory(TurnFactory, tenant=factory.SelfAttribute("..tenant"))
    conversation = factory.SelfAttribute("turn.conversation")
    position = factory.Sequence(lambda n: n % 1000)
    key = factory.Sequence(lambda n: f"key-{n}")
    body = factory.Sequence(lambda n: f"Answer {n}")


class AlarmFactory(OfTenantFactory):
    class Meta:
        model = Alarm

    kind = AlarmKind.SILENT_MESSAGE
    about = factory.Sequence(str)
    text = factory.Sequence(lambda n: f"Alarm {n}")


class BusinessRuleFactory(OfTenantFactory):
    class Meta:
        model = BusinessRule

    title = factory.Sequence(lambda n: f"Rule {n}")
    description = factory.Sequence(lambda n: f"What is done in case {n}")


class FaqFactory(OfTenantFactory):
    class Meta:
        model = Faq

    question = factory.Sequence(lambda n: f"Question {n}?")
    answer = factory.Sequence(lambda n: f"Answer {n}.")


class ArticleFactory(OfTenantFactory):
    class Meta:
        model = Article

    title = factory.Sequence(lambda n: f"Article {n}")
    body = factory.Sequence(lambda n: f"Text {n}.")


class DocumentFactory(OfTenantFactory):
    class Meta:
        model = Document

    title = factory.Sequence(lambda n: f"Document {n}")
    body = factory.Sequence(lambda n: f"Text {n}.")


class ProductFactory(OfTenantFactory):
    class Meta:
        model = Product

    name = factory.Sequence(lambda n: f"Product {n}")


class WebsiteFactory(OfTenantFactory):
    class Meta:
        model = Website

    address = factory.Sequence(lambda n: f"https://site-{n}.example/")


class PageReportFactory(OfTenantFactory):
    class Meta:
        model = PageReport

    website = factory.SubFactory(WebsiteFactory, tenant=factory.SelfAttribute("..tenant"))
    address = factory.Sequence(lambda n: f"https://site.example/{n}")
    status = "stored"


class WebPageFactory(OfTenantFactory):
    class Meta:
        model = WebPage

    website = factory.SubFactory(WebsiteFactory, tenant=factory.SelfAttribute("..tenant"))
    address = factory.Sequence(lambda n: f"https://site.example/{n}")
    title = factory.Sequence(lambda n: f"Page {n}")
    body = factory.Sequence(lambda n: f"Text {n}.")


class PassageFactory(OfTenantFactory):
    """Of a row that need not be there; saving a row makes its passages by itself."""

    class Meta:
        model = Passage

    id = factory.LazyFunction(uuid.uuid4)
    kind = KnowledgeKind.FAQ
    piece_id = factory.Sequence(lambda n: 1_000_000 + n)
    number = 0
    text = factory.Sequence(lambda n: f"Passage {n}")
    language = "pt"


class SpaceFactory(DjangoModelFactory):
    class Meta:
        model = Space

    key = factory.Sequence(lambda n: f"space-{n}")
    collection = factory.Sequence(lambda n: f"knowledge_space-{n}__1")


class IndexFactory(OfTenantFactory):
    """A company has one, which its first passage may have made already."""

    class Meta:
        model = Index
        django_get_or_create = ("tenant",)


class SearchCaseFactory(OfTenantFactory):
    """Of a row that need not be there."""

    class Meta:
        model = SearchCase

    question = factory.Sequence(lambda n: f"Question {n}")
    kind = KnowledgeKind.FAQ
    piece_id = factory.Sequence(lambda n: 1_000_000 + n)
    name = factory.Sequence(lambda n: f"Entry {n}")


class ErrandFactory(OfTenantFactory):
    class Meta:
        model = Errand

    kind = "ask"
    state = "done"


class UploadFactory(OfTenantFactory):
    class Meta:
        model = Upload

    name = factory.Sequence(lambda n: f"file-{n}.csv")


class UploadPartFactory(OfTenantFactory):
    class Meta:
        model = UploadPart

    upload = factory.SubFactory(UploadFactory, tenant=factory.SelfAttribute("..tenant"))
    number = factory.Sequence(lambda n: n)
    content = b"nome\nCadeira\n"


class ImportFactory(OfTenantFactory):
    class Meta:
        model = Import

    upload = factory.SubFactory(UploadFactory, tenant=factory.SelfAttribute("..tenant"))
    file_name = factory.Sequence(lambda n: f"file-{n}.csv")
    kind = KnowledgeKind.PRODUCT


class ImportProblemFactory(OfTenantFactory):
    class Meta:
        model = ImportProblem

    run = factory.SubFactory(ImportFactory, tenant=factory.SelfAttribute("..tenant"))
    line = factory.Sequence(lambda n: n + 1)
    allowed = factory.Sequence(lambda n: f"Allowed {n}")


class TagFactory(OfTenantFactory):
    class Meta:
        model = Tag

    name = factory.Sequence(lambda n: f"Tag {n}")


class RoomFactory(OfTenantFactory):
    class Meta:
        model = Room

    name = factory.Sequence(lambda n: f"Room {n}")


class LampFactory(OfTenantFactory):
    class Meta:
        model = Lamp

    name = factory.Sequence(lambda n: f"Lamp {n}")
    room = factory.SubFactory(RoomFactory, tenant=factory.SelfAttribute("..tenant"))


def member(tenant, role, **person):
    """A person with this role in the company."""
    user = UserFactory(**person)
    MembershipFactory(tenant=tenant, user=user, role=role)
    return user


def token_for(tenant, *scopes):
    """A token and the text that is sent with it."""
    token = ApiToken(tenant=tenant, name="machine", scopes=list(scopes))
    secret = token.make_secret()
    token.save()
    return token, secret


FACTORIES = {
    factory_class._meta.model: factory_class
    for factory_class in (
        TenantFactory,
        UserFactory,
        MembershipFactory,
        ApiTokenFactory,
        AuditEntryFactory,
        ConfigurationFactory,
        FieldMappingFactory,
        OpeningHoursFactory,
        HolidayFactory,
        ConfigurationVersionFactory,
        ChannelMappingFactory,
        DataKeyFactory,
        InstallationKeyFactory,
        CredentialFactory,
        InstallationCredentialFactory,
        CredentialAccessFactory,
        BudgetFactory,
        SpendingFactory,
        ConnectionFactory,
        RemoteCallFactory,
        BreakerFactory,
        ProviderFactory,
        ModelProfileFactory,
        ModelPriceFactory,
        LlmCallFactory,
        UsageMailFactory,
        ConnectionFactory,
        ConversationFactory,
        TurnFactory,
        InboundEventFactory,
        OutboundMessageFactory,
        AlarmFactory,
        BusinessRuleFactory,
        FaqFactory,
        ArticleFactory,
        DocumentFactory,
        ProductFactory,
        PassageFactory,
        SpaceFactory,
        IndexFactory,
        SearchCaseFactory,
        ErrandFactory,
        UploadFactory,
        UploadPartFactory,
        ImportFactory,
        ImportProblemFactory,
        WebsiteFactory,
        PageReportFactory,
        WebPageFactory,
        TagFactory,
        RoomFactory,
        LampFactory,
    )
}
