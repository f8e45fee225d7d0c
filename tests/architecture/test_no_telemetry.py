"""No dependency speaks to anybody: crewai runs an agent while the network is watched."""

import json
import subprocess
import sys

PROGRAM = """
import json, socket, sys

tried = []
connect, lookup = socket.socket.connect, socket.getaddrinfo

def watched_connect(self, address):
    if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1"):
        tried.append(str(address))
        raise OSError("closed")
    return connect(self, address)

def watched_lookup(host, *args, **options):
    if host not in ("127.0.0.1", "::1", "localhost", None, ""):
        tried.append(str(host))
        raise socket.gaierror("closed")
    return lookup(host, *args, **options)

socket.socket.connect, socket.getaddrinfo = watched_connect, watched_lookup

import chatwoot_ai.settings
import openai, qdrant_client, mcp
from crewai import Agent, BaseLLM

class Scripted(BaseLLM):
    def call(self, messages, **options):
        return "Bom dia!"

    def supports_function_calling(self):
        return True

    def get_context_window_size(self):
        return 100_000

agent = Agent(role="greeter", goal="greet", backstory="polite", llm=Scripted(model="scripted"))
answer = agent.kickoff("Say hello").raw
with open(sys.argv[1], "w") as file:
    json.dump({"answer": answer, "tried": tried}, file)
"""


def test_an_agent_runs_and_nobody_else_hears_of_it(project_root, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "result.json")],
        cwd=project_root,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    result = json.loads((tmp_path / "result.json").read_text())

    assert result == {"answer": "Bom dia!", "tried": []}
