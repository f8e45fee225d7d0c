"""Two companies to look at and try things on. Made once; running it again changes nothing."""

from django.db import transaction

from tenants.access import Role
from tenants.models import Membership, Tenant, User

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
AGENCY = ("suporte@agencia.example", "Agência Ponte", Role.EDITOR)


@transaction.atomic
def seed() -> None:
    """Nobody of the demo can sign in until a platform admin makes them a password link."""
    for slug, name in COMPANIES.items():
        tenant, _ = Tenant.objects.get_or_create(slug=slug, defaults={"name": name})
        for person in (*PEOPLE[slug], AGENCY):
            _add_person(tenant, *person)


def _add_person(tenant: Tenant, email: str, name: str, role: Role) -> None:
    user = User.objects.filter(email=email).first() or User.objects.create_user(email, name=name)
    Membership.objects.get_or_create(tenant=tenant, user=user, defaults={"role": role})
