"""Two companies to look at and try things on. Made once; running it again changes nothing."""

from decimal import Decimal

from django.db import transaction

from chatwoot_ai.demo import knowledge
from tenants import starting
from tenants.access import Role
from tenants.models import Budget, ChannelMapping, ChatwootInstallation, Membership, Tenant, User
from tenants.models.budget import OnExceed, Period

COMPANIES = {
    "moveis": "Móveis Jacarandá",
    "cosmeticos": "Cosméticos Flor do Campo",
}
PEOPLE = {
    "moveis": (
        ("helena@moveis.example", "Helena Duarte", Role.OWNER),
        ("caio@moveis.example", "Caio Nogueira", Role.EDITOR),
        ("rita@moveis.example", "Rita Campos", Role.AGENT),
    ),
    "cosmeticos": (
        ("beatriz@cosmeticos.example", "Beatriz Lemos", Role.OWNER),
        ("davi@cosmeticos.example", "Davi Araújo", Role.AGENT),
        ("lia@cosmeticos.example", "Lia Prado", Role.VIEWER),
    ),
}
STARTERS = {"moveis": "furniture", "cosmeticos": "cosmetics"}
CHATWOOT = "Chatwoot de demonstração"
CHANNELS = {
    "moveis": ((101, None, "Móveis Jacarandá"), (101, 2, "WhatsApp vendas")),
    "cosmeticos": ((102, None, "Cosméticos Flor do Campo"),),
}
MONTHLY_DOLLARS = Decimal(20)
AGENCY = ("suporte@agencia.example", "Agência Ponte", Role.EDITOR)


@transaction.atomic
def seed() -> None:
    """Nobody of the demo can sign in until a platform admin makes them a password link."""
    for slug, name in COMPANIES.items():
        tenant, is_new = Tenant.objects.get_or_create(slug=slug, defaults={"name": name})
        if is_new:
            _set_up(tenant)
        for person in (*PEOPLE[slug], AGENCY):
            _add_person(tenant, *person)


def _set_up(tenant: Tenant) -> None:
    starting.apply_starter(tenant, STARTERS[tenant.slug])
    installation, _ = ChatwootInstallation.objects.get_or_create(name=CHATWOOT)
    for account, inbox, name in CHANNELS[tenant.slug]:
        ChannelMapping(
            tenant=tenant, installation=installation, account_id=account, inbox_id=inbox, name=name
        ).save()
    Budget(
        tenant=tenant,
        period=Period.MONTH,
        money_limit=MONTHLY_DOLLARS,
        on_exceed=OnExceed.PERSON,
    ).save()
    knowledge.add(tenant)


def _add_person(tenant: Tenant, email: str, name: str, role: Role) -> None:
    user = User.objects.filter(email=email).first() or User.objects.create_user(email, name=name)
    Membership.objects.get_or_create(tenant=tenant, user=user, defaults={"role": role})
