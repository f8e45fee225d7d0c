"""Everything one run needs, put up and taken down: servers, Chatwoot, companies, processes."""

import contextlib
import json
from dataclasses import dataclass
from typing import Any

from tests.faults import places
from tests.faults.processes import EMBEDDED, FULL, Platform, environment_of, shared_by_processes
from tests.faults.proxy import Proxy
from tests.faults.restless import RestlessChatwoot
from tests.servers import free_port

FORMS = ("embedded", "redis", "rabbitmq")
# Quick ones, so that a run takes minutes. Messages are settled for longer than they can be late.
CONFIGURATION = {
    "mode": "automatic",
    "quiet_max_seconds": 4,
    "settle_seconds": 4,
    "disclosure": "false",
}
QUIET_SECONDS = {"moveis": 1, "cosmeticos": 0, "papelaria": 1, "floricultura": 1}


@dataclass
class Scene:
    form: str
    chatwoot: Any
    webhooks: Any
    platform: Any
    database: Any = None
    redis: Any = None
    rabbitmq: Any = None


@contextlib.contextmanager
def scene(form, *, seed, folder, settings="tests.faults.settings"):
    with contextlib.ExitStack() as stack:
        servers, values = {}, {"FAULTS_SEED": str(seed)}
        if form != "embedded":
            home = stack.enter_context(places.folder_for_servers())
            servers = _servers(stack, form, home)
            values |= shared_by_processes() | _addresses(servers)
        chatwoot = RestlessChatwoot(seed=seed, port=free_port())
        chatwoot.start()
        stack.callback(chatwoot.stop)
        port = free_port()
        webhooks = Proxy(port)
        webhooks.come_up()
        stack.callback(webhooks.go_down)
        environment = environment_of(
            folder, port=port, public_port=webhooks.port, settings=settings, **values
        )
        platform = Platform(environment, port, folder)
        open_shops(chatwoot)
        connect(chatwoot, platform)
        platform.start(EMBEDDED if form == "embedded" else FULL)
        stack.callback(platform.stop)
        platform.wait_until_it_serves()
        yield Scene(form, chatwoot, webhooks, platform, **servers)


def _servers(stack, form, home):
    servers = {
        "database": stack.enter_context(places.postgres(home)),
        "redis": stack.enter_context(places.redis_server(home)),
    }
    if form == "rabbitmq":
        servers["rabbitmq"] = stack.enter_context(places.rabbitmq(home))
    return servers


def _addresses(servers):
    return {
        "DATABASE_URL": servers["database"].url,
        "REDIS_URL": servers["redis"].url,
        "CELERY_BROKER_URL": servers.get("rabbitmq", servers["redis"]).url,
    }


def open_shops(chatwoot):
    """One is told everything twice, one lets people have what the bot failed at, and one has no
    token of a person, so nothing can be read back for it.
    """
    chatwoot.open_shop("moveis")
    chatwoot.add_account_webhook(chatwoot.open_shop("cosmeticos"))
    chatwoot.open_shop("papelaria", keeps_pending=False)
    chatwoot.open_shop("floricultura", has_user_token=False)


def connect(chatwoot, platform):
    said = platform.manage(
        ["migrate", "--verbosity", "0"],
        *(["init_tenant", shop.slug, "--json"] for shop in chatwoot.shops),
        *(_connection(chatwoot, shop) for shop in chatwoot.shops),
        *(_configuration(shop) for shop in chatwoot.shops),
    )
    connections = said[1 + len(chatwoot.shops) :][: len(chatwoot.shops)]
    for shop, connection in zip(chatwoot.shops, connections, strict=True):
        chatwoot.tell(shop, json.loads(connection)["webhook_url"])


def _connection(chatwoot, shop):
    account = ["--account", str(shop.account.id), "--inbox", str(shop.inbox.id)]
    tokens = ["--bot-token", shop.bot.token, "--bot-id", str(shop.bot.id)]
    if shop.has_user_token:
        tokens += ["--user-token", shop.admin.token]
    secrets = [f"--secret={secret}" for secret in shop.secrets]  # one may begin with a dash
    where = ["--url", chatwoot.url, *account]
    return ["chatwoot_connect", shop.slug, *where, *tokens, *secrets, "--no-check", "--json"]


def _configuration(shop):
    values = CONFIGURATION | {"quiet_seconds": QUIET_SECONDS[shop.slug]}
    return ["tenant_config", shop.slug, *(f"{key}={value}" for key, value in values.items())]
