"""Floor C1: the least that one reply by CrewAI costs.

One task: a run of one agent against a stand-in for a provider of models, one row, one POST. The
object that speaks to the model is kept in the process, as crews are meant to be run.
"""

import os
import threading
from contextlib import contextmanager

import httpx
import psycopg
from celery import Celery

from tests.benchmarks.floors.table import STORE_REPLY

MODELS_URL = os.environ["FLOOR_MODELS_URL"]

app = Celery("floor", broker=os.environ["FLOOR_BROKER_URL"])
app.conf.update(task_ignore_result=True, worker_prefetch_multiplier=1)
app.conf.update(worker_enable_remote_control=False, broker_connection_retry_on_startup=True)

_of_thread = threading.local()
_locks = {}
_model = None
_making = threading.Lock()


@app.task
def reply(url, token, conversation, text):
    answer = ask_crew(text)
    own = connections()
    own.database.execute(STORE_REPLY, (conversation, answer))
    body = {"content": answer, "message_type": "outgoing"}
    own.client.post(url, json=body, headers={"api_access_token": token}).raise_for_status()


def ask_crew(text):
    from crewai import Agent, Crew, Task

    agent = Agent(
        role="Vendedora",
        goal="Responder a clientes",
        backstory="Trabalha numa loja de móveis.",
        llm=model(),
        max_retry_limit=0,
        allow_delegation=False,
        verbose=False,
    )
    task = Task(description=text, expected_output="Uma resposta curta", agent=agent)
    return Crew(agents=[agent], tasks=[task], verbose=False).kickoff().raw


def model():
    global _model
    with _making:
        if _model is None:
            _model = make_model()
        return _model


def make_model():
    from crewai import LLM
    from crewai.events.event_listener import event_listener
    from crewai_core.lock_store import set_lock_backend

    set_lock_backend(process_lock)
    event_listener.formatter.verbose = False
    return LLM(model="openai/gpt-4o-mini", base_url=MODELS_URL, api_key="none")


@contextmanager
def process_lock(name, *, timeout=120):
    """The usual one is shared by all processes of the machine and costs more than the run."""
    with _locks.setdefault(name, threading.RLock()):
        yield


def connections():
    if not hasattr(_of_thread, "database"):
        url = os.environ["FLOOR_DATABASE_URL"]
        _of_thread.database = psycopg.connect(url, autocommit=True)
        _of_thread.client = httpx.Client()
    return _of_thread
