"""Small servers on 127.0.0.1 that misbehave on request; each answers with what a test scripted."""

import socket
import threading
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

PATIENCE_SECONDS = 10


@dataclass
class Scripted:
    """Answers each connection by the next of its answers; the last one stays."""

    answers: list
    port: int = 0
    heard: list = field(default_factory=list)
    connections: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def next_answer(self):
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def reply(body=b"{}", status="200 OK", headers=()):
    """A well-formed answer that ends the connection."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@contextmanager
def scripted_server(*answers, tls=None):
    """An answer is bytes to send, or a function that is called with the connection."""
    server = Scripted(list(answers))
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        server.port = listener.getsockname()[1]
        thread = threading.Thread(target=_accept, args=(server, listener, tls), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.stop.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(PATIENCE_SECONDS)


def _accept(server, listener, tls):
    while not server.stop.is_set():
        try:
            connection, _peer = listener.accept()
        except OSError:
            return
        server.connections += 1
        threading.Thread(target=_serve, args=(server, connection, tls), daemon=True).start()


def _serve(server, connection, tls):
    with closing(connection):
        try:
            connection.settimeout(PATIENCE_SECONDS)
            if tls is not None:
                connection = tls.wrap_socket(connection, server_side=True)
            server.heard.append(_request(connection))
            answer = server.next_answer()
            if callable(answer):
                answer(connection, server)
            else:
                connection.sendall(answer)
            connection.close()
        except OSError:
            return


def _request(connection):
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            return received
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    wanted = next(
        (
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if b"content-length" in line
        ),
        0,
    )
    while len(body) < wanted:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def refused_port():
    """A port where nobody listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return listener.getsockname()[1]
