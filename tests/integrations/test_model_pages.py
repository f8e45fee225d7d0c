"""Pages of providers, profiles and prices: who may what, and what a test of a provider tells."""

import pytest

from integrations.models import LlmCall, ModelPrice, ModelProfile, Provider
from tenants import credentials
from tenants.access import Role
from tenants.models.credential import CheckResult
from tests.factories import CredentialFactory, InstallationCredentialFactory, member
from tests.fakes.models import fail
from tests.integrations.conftest import KEY, provider_of

ADDRESS = "/admin/integrations/provider/"


def values(**changes):
    return {
        "name": "Main",
        "kind": "openai",
        "base_url": "",
        "api_version": "",
        "credential_ref": "openai",
        "is_active": "on",
        **changes,
    }


class TestProviders:
    def test_owner_adds_one(self, moveis, helena, signed_in):
        CredentialFactory(tenant=moveis, ref="openai", kind="openai")

        signed_in(helena).post(f"{ADDRESS}add/", values())

        provider = Provider.objects.get()
        assert (provider.tenant, provider.credential_ref) == (moveis, "openai")

    @pytest.mark.parametrize("role", [Role.EDITOR, Role.AGENT, Role.VIEWER])
    def test_who_may_not_handle_keys_may_not_say_where_they_are_sent(
        self, role, moveis, signed_in, models
    ):
        provider = provider_of(moveis, models.url)
        page = signed_in(member(moveis, role))

        added = page.post(f"{ADDRESS}add/", values())
        changed = page.post(f"{ADDRESS}{provider.pk}/change/", values(name="Changed"))
        tried = page.post(f"{ADDRESS}{provider.pk}/test/", {"post": "yes"})

        assert page.get(f"{ADDRESS}{provider.pk}/change/").status_code == 200
        assert {added.status_code, changed.status_code, tried.status_code} == {403}
        assert Provider.objects.get().name != "Changed"

    def test_keys_are_offered_by_name(self, moveis, cosmeticos, helena, signed_in):
        CredentialFactory(tenant=moveis, ref="mine", kind="openai")
        CredentialFactory(tenant=moveis, ref="erp", kind="odoo")
        CredentialFactory(tenant=cosmeticos, ref="theirs", kind="openai")
        InstallationCredentialFactory(ref="shared", offer="all", kind="openai")
        InstallationCredentialFactory(ref="others", offer="chosen", kind="openai")

        page = signed_in(helena).get(f"{ADDRESS}add/")

        choices = page.context_data["adminform"].form.fields["credential_ref"].choices
        assert [ref for ref, _label in choices] == ["", "mine", "shared"]

    def test_test_asks_the_model_and_tells_the_cost(
        self, moveis, helena, signed_in, make_profile, models
    ):
        profile = make_profile(moveis)

        answer = signed_in(helena).post(
            f"{ADDRESS}{profile.provider_id}/test/", {"post": "yes"}, follow=True
        )

        provider = Provider.objects.get()
        assert provider.last_check == CheckResult.OK
        assert "US$" in provider.last_check_message
        assert provider.last_check_message in answer.content.decode()
        assert models.bodies[0]["max_tokens"] == 16
        assert LlmCall.objects.count() == 1

    def test_test_without_a_profile_asks_for_the_models(self, moveis, helena, signed_in, models):
        provider = provider_of(moveis, models.url)

        signed_in(helena).post(f"{ADDRESS}{provider.pk}/test/", {"post": "yes"})

        assert [heard.path for heard in models.heard] == ["/v1/models"]
        assert Provider.objects.get().last_check == CheckResult.OK

    @pytest.mark.parametrize("has_profile", [True, False])
    def test_failed_test_names_the_next_step(
        self, has_profile, moveis, helena, signed_in, make_profile, models
    ):
        provider = provider_of(moveis, models.url)
        if has_profile:
            make_profile(moveis, provider=provider)
        models.always(fail(401, body=KEY.encode()))

        page = signed_in(helena).post(f"{ADDRESS}{provider.pk}/test/", {"post": "yes"}, follow=True)

        provider.refresh_from_db()
        assert provider.last_check == CheckResult.FAILED
        assert provider.credential_ref in provider.last_check_message
        assert KEY not in page.content.decode()

    def test_get_asks_before_it_costs(self, moveis, helena, signed_in, make_profile, models):
        profile = make_profile(moveis)

        signed_in(helena).get(f"{ADDRESS}{profile.provider_id}/test/")

        assert models.heard == []


class TestKeys:
    """The test on the page of credentials."""

    def key_of(self, tenant, **values):
        from django.conf import settings
        from django.utils.module_loading import import_string

        row = CredentialFactory(tenant=tenant, secret=KEY, **values)
        try_key = import_string(settings.CREDENTIAL_TESTS[row.kind])
        secret = credentials.reveal(tenant, row.ref, purpose="test")
        return lambda: try_key(tenant, secret, row)

    def test_key_is_shown_to_the_provider_that_uses_it(self, moveis, models):
        test = self.key_of(moveis, ref="k", kind="model_provider")
        Provider.objects.create(
            tenant=moveis, name="x", kind="compatible", base_url=models.url, credential_ref="k"
        )

        assert "1" in test()
        assert models.heard[0].headers["Authorization"] == f"Bearer {KEY}"

    def test_key_that_nobody_uses_is_sent_nowhere(self, moveis, models):
        test = self.key_of(moveis, ref="k", kind="model_provider")

        with pytest.raises(Exception, match=r".") as caught:
            test()

        assert caught.value.permanent
        assert models.heard == []


class TestProfiles:
    def test_circle_of_replacements_is_refused(self, moveis, helena, signed_in, make_profile):
        one = make_profile(moveis, use="spare", model="one")
        other = make_profile(moveis, provider=one.provider, fallback=one)
        body = {
            "use": "spare",
            "model": "one",
            "provider": one.provider_id,
            "fallback": other.pk,
            "max_tokens": 100,
        }

        signed_in(helena).post(f"/admin/integrations/modelprofile/{one.pk}/change/", body)

        one.refresh_from_db()
        assert one.fallback is None

    def test_second_profile_of_a_use_is_refused(self, moveis, helena, signed_in, make_profile):
        first = make_profile(moveis)
        body = {
            "use": "answers",
            "agent": "",
            "model": "x",
            "provider": first.provider_id,
            "max_tokens": 100,
        }

        answer = signed_in(helena).post("/admin/integrations/modelprofile/add/", body)

        assert answer.status_code == 200
        assert ModelProfile.objects.count() == 1

    def test_search_takes_no_other_model_in_its_place(self, moveis, make_profile):
        other = make_profile(moveis, use="spare", model="another")
        profile = make_profile(
            moveis, provider=other.provider, use="embeddings", model="one", fallback=other
        )

        with pytest.raises(Exception, match="fallback"):
            profile.full_clean()


class TestPrices:
    def test_published_prices_are_there(self, db):
        known = {price.pattern: price for price in ModelPrice.objects.all()}

        assert known["gpt-4o-mini"].price_out == known["gpt-4o"].price_out * 6 / 100
        assert "whisper-1" not in known

    def test_staff_of_a_company_do_not_see_them(self, helena, signed_in):
        assert signed_in(helena).get("/admin/integrations/modelprice/").status_code == 403

    def test_platform_admins_add_them(self, platform_admin, signed_in):
        body = {
            "pattern": "house-*",
            "price_in": "1.5",
            "price_out": "2",
            "valid_from": "2026-11-20",
        }

        signed_in(platform_admin).post("/admin/integrations/modelprice/add/", body)

        assert ModelPrice.objects.filter(pattern="house-*").exists()

    @pytest.mark.parametrize("pattern", ["a*b", "a b", "*x", ""])
    def test_pattern_with_a_star_elsewhere_is_refused(self, pattern, db):
        with pytest.raises(Exception, match="pattern"):
            ModelPrice(pattern=pattern, price_in=1).full_clean()
