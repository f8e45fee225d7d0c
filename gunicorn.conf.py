"""How the web process runs: `gunicorn chatwoot_ai.wsgi` in this folder reads this file by itself.

The application is loaded once, before the workers are forked, so that they share its memory.
Nothing of it starts a thread or keeps a connection before the first request.
"""

import gc
import logging.config
import os
import sys
from pathlib import Path

from gunicorn.arbiter import Arbiter
from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.workers.base import Worker
from prometheus_client import multiprocess, values

COUNTER_NAME = "CHATWOOTAI_COUNTER_NAME"
counters_folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")

# Before the project is imported, for its counters open their files then. Not again on a reload: two
# writers of one file would spoil it.
if counters_folder and "chatwoot_ai.counters" not in sys.modules:
    Path(counters_folder).mkdir(parents=True, exist_ok=True)
    values.ValueClass = values.MultiProcessValue(
        lambda: os.environ.get(COUNTER_NAME) or str(os.getpid())
    )

from chatwoot_ai import settings  # noqa: E402
from chatwoot_ai.settings.environment import Environment  # noqa: E402

env = Environment()


class ProjectLogger(Logger):
    """gunicorn's own lines in the project's format; the application logs each request itself."""

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        logging.config.dictConfig(settings.LOGGING)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


bind = (
    f"[{settings.HOST}]:{settings.PORT}"
    if ":" in settings.HOST
    else f"{settings.HOST}:{settings.PORT}"
)
worker_class = "gthread"
preload_app = True
workers = int(env.number("WEB_WORKERS", 2, least=1, most=64))
threads = int(env.number("WEB_THREADS", 4, least=1, most=64))
logger_class = ProjectLogger
loglevel = settings.LOG_LEVEL.lower()
# A worker silent for so long is replaced. Threads answer, so a slow request is not silence.
timeout = 60
# A worker told to stop has so long to finish what it is answering.
graceful_timeout = 30
# Longer than a proxy keeps an idle connection (nginx 60 s, Caddy 120 s), so that the proxy is the
# one to close it and never sends a request into a closing connection.
keepalive = 130
# Fresh workers from time to time, not all at once, in case a library loses memory.
max_requests = 10_000
max_requests_jitter = 2_000
# On a disk, the sign of life of a worker can wait for the disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  not a file of ours
# TRUSTED_PROXIES decides alone whether headers of a proxy count.
forwarded_allow_ips = "*" if settings.TRUSTED_PROXIES else ""
control_socket_disable = True

if env.mistakes:
    sys.exit("\n".join(hint for _, hint in env.mistakes))


def on_starting(server: Arbiter) -> None:
    """Remove the counters of processes that are gone; Celery workers may share the folder."""
    if not counters_folder:
        return
    for file in Path(counters_folder).glob("*.db"):
        process = file.stem.rpartition("_")[2].partition("-")[0]
        if not process.isdecimal() or not _is_running(int(process)):
            file.unlink(missing_ok=True)


def pre_fork(server: Arbiter, worker: Worker) -> None:
    """Give each worker a place. Its successor there continues its counters in the same files."""
    gc.freeze()  # what is loaded by now stays shared: no collection writes into its pages
    taken = {other.place for other in server.WORKERS.values()}
    worker.place = min(set(range(len(taken) + 1)) - taken)


def post_fork(server: Arbiter, worker: Worker) -> None:
    os.environ[COUNTER_NAME] = f"{os.getppid()}-{worker.place}"


def child_exit(server: Arbiter, worker: Worker) -> None:
    if counters_folder:
        multiprocess.mark_process_dead(f"{os.getpid()}-{worker.place}")


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
