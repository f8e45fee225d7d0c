"""Rules of the code base that review would miss."""

import importlib
import re
import subprocess
import sys

import pytest
import yaml
from celery import current_app
from django.apps import apps
from django.conf import settings
from django.core.management import call_command

HEAVY = ("crewai", "openai", "qdrant_client", "qdrant_edge", "mcp", "chromadb", "sentry_sdk")
PACKAGES = ("chatwoot_ai", "tenants", "crews", "knowledge", "integrations")

LIGHT_PROCESSES = {
    "web process": "from django.core.wsgi import get_wsgi_application; get_wsgi_application();"
    "import chatwoot_ai.urls, chatwoot_ai.telemetry",
    "check": "import django; django.setup(); from django.core.management import call_command;"
    "call_command('check')",
    "embedded server": "import django; django.setup();"
    "import chatwoot_ai.urls, chatwoot_ai.management.commands.serve",
}


@pytest.mark.parametrize("program", LIGHT_PROCESSES.values(), ids=LIGHT_PROCESSES.keys())
def test_heavy_libraries_stay_out(program, project_root, tmp_path):
    code = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'chatwoot_ai.settings';"
        f"{program}; print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=project_root,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.strip().splitlines()[-1:] == ["[]"], done.stdout + done.stderr


def test_every_task_has_a_queue():
    current_app.loader.import_default_modules()
    ours = [name for name in current_app.tasks if name.split(".")[0] in PACKAGES]

    assert ours
    for name in ours:
        queue = current_app.amqp.router.route({}, name)["queue"].name
        assert queue in settings.LOCAL_QUEUE_THREADS, f"{name} goes to the unknown queue {queue}"


def test_every_app_has_a_route():
    assert {route.split(".")[0] for route in settings.CELERY_TASK_ROUTES} == set(PACKAGES)


def test_the_timetable_names_real_tasks():
    current_app.loader.import_default_modules()
    for row in settings.CELERY_BEAT_SCHEDULE.values():
        assert row["task"] in current_app.tasks


def test_constraints_and_indexes_are_named_after_their_table():
    for model in apps.get_models():
        if model.__module__.split(".")[0] not in PACKAGES:
            continue
        for rule in (*model._meta.constraints, *model._meta.indexes):
            assert rule.name.startswith(model._meta.db_table.rstrip("s")), rule.name


def test_the_glossary_points_to_real_code(project_root):
    text = (project_root / "docs" / "glossary.md").read_text()
    paths = set(re.findall(rf"`((?:{'|'.join(PACKAGES)})(?:\.\w+)+)`", text))

    assert paths
    for path in paths:
        assert resolve(path) is not None, f"docs/glossary.md names {path}, which is gone"


def resolve(path):
    words = path.split(".")
    for end in range(len(words), 0, -1):
        try:
            found = importlib.import_module(".".join(words[:end]))
        except ModuleNotFoundError:
            continue
        for word in words[end:]:
            if not hasattr(found, word):
                return None
            found = getattr(found, word)
        return found
    return None


def test_the_description_of_the_api_is_complete(tmp_path):
    """Each view says what it takes and answers: @extend_schema, where it cannot be guessed."""
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "api.yaml"))


def test_every_direct_dependency_has_its_reason(project_root):
    table = (project_root / "docs" / "dependencies.md").read_text()
    explained = {name.lower() for name in re.findall(r"^\| `([\w.-]+)", table, re.MULTILINE)}
    wanted = set()
    for name in ("requirements.in", "requirements-dev.in"):
        for line in (project_root / name).read_text().splitlines():
            if found := re.match(r"[A-Za-z][\w.-]*", line):
                wanted.add(found[0].lower())

    assert explained == wanted


def test_every_setting_is_in_the_example_environment(project_root):
    source = (project_root / "chatwoot_ai" / "settings" / "base.py").read_text()
    read = set(re.findall(r"env\.\w+\(\s*\"([A-Z0-9_]+)\"", source))
    read |= {"REDIS_URL", "REDIS_HOST", "REDIS_PORT", "REDIS_DB", "REDIS_PASSWORD", "DEMO"}
    example = (project_root / ".env.example").read_text()
    explained = set(re.findall(r"^#? ?([A-Z0-9_]+)=", example, re.MULTILINE))

    assert read - explained == set(), "Explain these in .env.example"


def test_compose_passes_only_known_settings(project_root):
    services = yaml.safe_load((project_root / "compose.yaml").read_text())["services"]

    assert {"web", "chat-worker", "indexing-worker", "beat", "postgres", "redis", "qdrant"} <= set(
        services
    )
    for name, service in services.items():
        assert "healthcheck" in service or service.get("profiles") or name == "migrate", name


def test_links_between_documents_lead_somewhere(project_root):
    pages = [*project_root.glob("*.md"), *(project_root / "docs").rglob("*.md")]
    broken = []
    for page in pages:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
            if "://" in target or target.startswith("mailto:"):
                continue
            if not (page.parent / target).exists():
                broken.append(f"{page.relative_to(project_root)} → {target}")

    assert broken == []
