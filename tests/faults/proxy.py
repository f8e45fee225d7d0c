"""A wire to a server of this machine that can be cut, delayed, made deaf and taken away."""

import contextlib
import socket
import threading
import time

from tests.servers import free_port

PIECE = 65_536


class Proxy:
    """Listens on `port` and passes on to the port behind it."""

    def __init__(self, behind):
        self.behind = behind
        self.port = free_port()
        self.delay_seconds = 0.0
        self.is_deaf = False  # takes what comes, from both sides, and passes nothing on
        self._answers_to_lose = 0
        self._sockets = set()
        self._lock = threading.Lock()
        self._listener = None

    def come_up(self):
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def refuse(self):
        """Nobody can connect any more until it comes up; those who are connected stay."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def cut(self):
        """All connections end, in the middle of whatever they are at."""
        with self._lock:
            sockets, self._sockets = self._sockets, set()
        for end in sockets:
            _end(end)

    def go_down(self):
        self.refuse()
        self.cut()

    def lose_answers(self, number):
        """What the next so many connections ask arrives, and is never answered."""
        with self._lock:
            self._answers_to_lose += number

    def _accept(self, listener):
        while True:
            try:
                client, _peer = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client):
        try:
            server = socket.create_connection(("127.0.0.1", self.behind), timeout=5)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        with self._lock:
            loses = self._answers_to_lose > 0
            self._answers_to_lose -= loses
            self._sockets |= {client, server}
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        back = threading.Thread(target=self._pass, args=(server, client, loses), daemon=True)
        back.start()
        self._pass(client, server, False)
        back.join()
        with self._lock:
            self._sockets -= {client, server}
        client.close()
        server.close()

    def _pass(self, source, sink, loses):
        with contextlib.suppress(OSError):
            while piece := source.recv(PIECE):
                time.sleep(self.delay_seconds)
                if loses:
                    break
                if not self.is_deaf:
                    sink.sendall(piece)
        _end(source)
        _end(sink)


def _end(end):
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
