"""An agency's sign-in, as small as the standard lets it be, on an address of its own."""

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt


class Stub(ThreadingHTTPServer):
    """Vouches for whatever ``claims`` says.

    Attributes:
        asked: the address and query of each request for a sign-in, as they came.
        broken: answers nothing but 500 while it is set.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.issuer = f"http://127.0.0.1:{self.server_port}"
        self.claims: dict[str, Any] = {}
        self.token_claims: dict[str, Any] = {}
        self.given: dict[str, dict[str, str]] = {}
        self.asked: list[dict[str, str]] = []
        self.broken = False
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def setting(self, **more: Any) -> dict[str, Any]:
        return {
            "id": "fellgate",
            "name": "Fellgate High School",
            "issuer": self.issuer,
            "client_id": "portal",
            "secret": "a-secret-of-tests-long-enough-for-hs256",
            "domains": ["fellgate.example.org"],
            **more,
        }


class _Answers(BaseHTTPRequestHandler):
    server: Stub

    def log_message(self, *args: Any) -> None:
        """No word on the terminal."""

    def do_GET(self) -> None:
        place, query = urlsplit(self.path).path, _flat(urlsplit(self.path).query)
        stub = self.server
        if stub.broken:
            self.send_error(500)
        elif place == "/.well-known/openid-configuration":
            ends = {
                f"{name}_endpoint": f"{stub.issuer}/{name}"
                for name in ("authorization", "token", "userinfo")
            }
            self._json({"issuer": stub.issuer, "jwks_uri": f"{stub.issuer}/keys", **ends})
        elif place == "/authorization":
            stub.asked.append(query)
            code = secrets.token_urlsafe(8)
            stub.given[code] = query
            back = urlencode({"code": code, "state": query["state"]})
            link = f"{query['redirect_uri']}?{back}"
            self._send(f'<title>Fellgate</title><a href="{link}">I am Hannah</a>', "text/html")
        elif place == "/userinfo":
            self._json({"sub": "h-1", **stub.claims})
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        sent = _flat(self.rfile.read(int(self.headers["Content-Length"])).decode())
        stub, asked = self.server, self.server.given.pop(sent["code"], {})
        digest = hashlib.sha256(sent["code_verifier"].encode()).digest()
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if proof != asked.get("code_challenge") or asked.get("code_challenge_method") != "S256":
            self.send_error(400)
            return
        now = int(time.time())
        claims = {"iss": stub.issuer, "aud": "portal", "sub": "h-1", "iat": now, "exp": now + 60}
        token = jwt.encode(claims | stub.token_claims, "x" * 32, algorithm="HS256")
        self._json({"access_token": "t", "token_type": "Bearer", "id_token": token})

    def _json(self, answer: dict[str, Any]) -> None:
        self._send(json.dumps(answer), "application/json")

    def _send(self, text: str, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(text.encode())


def _flat(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}
