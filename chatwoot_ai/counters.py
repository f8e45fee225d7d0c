"""What is counted while it happens; `chatwoot_ai.metrics` shows it."""

import os

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
if os.environ.get(FOLDER):
    os.makedirs(os.environ[FOLDER], exist_ok=True)
else:
    os.environ.pop(FOLDER, None)  # the library would take an empty name for the working folder

import prometheus_client as prometheus  # noqa: E402  it looks at the folder when imported

requests_total = prometheus.Counter(
    "chatwootai_http_requests_total",
    "Requests answered.",
    ["route", "method", "status", "tenant"],
)
request_seconds = prometheus.Histogram(
    "chatwootai_http_request_seconds",
    "Time to answer a request.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
tasks_total = prometheus.Counter(
    "chatwootai_tasks_total", "Tasks run, by how they ended.", ["task", "outcome"]
)
task_seconds = prometheus.Histogram(
    "chatwootai_task_seconds",
    "Time a task ran.",
    ["task"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 600),
)
publish_failures_total = prometheus.Counter(
    "chatwootai_task_publish_failures_total", "Tasks that could not be handed to the broker."
)
remote_calls_total = prometheus.Counter(
    "chatwootai_remote_calls_total",
    "Calls to remote systems, by how they ended.",
    ["service", "outcome"],
)
remote_call_seconds = prometheus.Histogram(
    "chatwootai_remote_call_seconds",
    "Time a call to a remote system took, with all its tries.",
    ["service", "outcome"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120),
)
model_calls_total = prometheus.Counter(
    "chatwootai_model_calls_total",
    "Calls of language models, by how they ended.",
    ["use", "outcome"],
)
model_call_seconds = prometheus.Histogram(
    "chatwootai_model_call_seconds",
    "Time a call of a language model took, with all its tries.",
    ["use"],
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120),
)
model_tokens_total = prometheus.Counter(
    "chatwootai_model_tokens_total", "Tokens that language models read and wrote.", ["use", "kind"]
)
turns_total = prometheus.Counter(
    "chatwootai_turns_total", "Turns that ended, by outcome and reason.", ["outcome", "reason"]
)
