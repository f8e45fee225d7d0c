"""Embedded mode: one process with web server, workers and scheduler. What `make run` starts."""

import errno
import os
import signal
import socket
from typing import Any

import waitress
from celery import current_app
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.utils.translation import gettext as _

from chatwoot_ai import checks, first_start, telemetry
from chatwoot_ai.local_queue import Workers
from chatwoot_ai.utf8 import make_application
from chatwoot_ai.worker_lock import WorkerLock

WEB_THREADS = 12
GRACE_SECONDS = 20.0

# The largest file that an import takes, and what a form puts around it.
MOST_BYTES = 110 * 1024 * 1024


class Command(BaseCommand):
    help = "Serve everything from this one process (embedded mode)."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        os.umask(0o077)  # the database holds what only this user may read
        checks.stop_on_errors()
        _refuse_taken_port(settings.HOST, settings.PORT)
        with WorkerLock(settings.DATA_DIR / "worker.lock", _address()) as lock:
            try:
                self._prepare(is_first=lock.is_held)
            except (DatabaseError, OSError) as error:
                raise CommandError(_explain(error)) from error
            checks.stop_on_wrong_master_keys()
            workers = self._start_workers() if lock.is_held else None
            try:
                self._serve()
            finally:
                if workers:
                    workers.stop(GRACE_SECONDS)
                    _tidy_database()
        self.stdout.write(_("Stopped."))

    def _prepare(self, *, is_first: bool) -> None:
        if not is_first:
            self.stdout.write(_("Another process runs the workers; this one only serves pages."))
            return
        login = first_start.prepare()
        if login:
            self.stdout.write(_("Sign in as %(email)s with the password %(password)s") % login)
            self.stdout.write(_("(kept in %(path)s)") % {"path": first_start.login_file()})
        elif first_start.login_file().exists():
            path = first_start.login_file()
            self.stdout.write(_("The first login is in %(path)s") % {"path": path})

    def _start_workers(self) -> Workers | None:
        if settings.CELERY_BROKER_URL:
            self.stdout.write(_("CELERY_BROKER_URL is set: Celery workers run the tasks."))
            return None
        current_app.loader.import_default_modules()
        workers = Workers(current_app, settings.LOCAL_QUEUE_THREADS)
        workers.start()
        return workers

    def _serve(self) -> None:
        telemetry.start()
        server = waitress.create_server(
            make_application(),
            host=settings.HOST,
            port=settings.PORT,
            threads=WEB_THREADS,
            ident=None,
            clear_untrusted_proxy_headers=False,
            max_request_body_size=MOST_BYTES,
        )
        signal.signal(signal.SIGTERM, _stop)
        self.stdout.write(_("ChatwootAI is ready at %(address)s") % {"address": _address()})
        self.stdout.write(_("Ctrl-C stops it."))
        self.stdout.flush()
        server.run()


def _tidy_database() -> None:
    """SQLite's journal goes into the database file, so that a copy of it alone is whole."""
    if settings.IS_SQLITE:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()


def _stop(*_args: Any) -> None:
    raise SystemExit(0)


def _address() -> str:
    host = "127.0.0.1" if settings.HOST in ("0.0.0.0", "::") else settings.HOST  # noqa: S104
    return f"http://{host}:{settings.PORT}"


def _refuse_taken_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(_explain_port(error, host, port)) from error


def _explain_port(error: OSError, host: str, port: int) -> str:
    words = {"host": host, "port": port}
    if error.errno == errno.EADDRINUSE:
        return _("Port %(port)s is taken. Choose another one: PORT=8001 make run") % words
    if error.errno == errno.EACCES:
        return _("Port %(port)s needs more rights. Choose one above 1023.") % words
    return _("This machine cannot listen on %(host)s. Set HOST to one of its addresses.") % words


def _explain(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    words = {"folder": str(settings.DATA_DIR), "reason": lines[0]}
    if getattr(error, "errno", None) == errno.ENOSPC or "disk is full" in lines[0]:
        return _("The disk of %(folder)s is full. Free some space and start again.") % words
    if isinstance(error, OSError) or "readonly" in lines[0]:
        return _("%(folder)s cannot be written to. Set DATA_DIR to another folder.") % words
    return _("The database cannot be used (%(reason)s). Check DATABASE_URL.") % words
