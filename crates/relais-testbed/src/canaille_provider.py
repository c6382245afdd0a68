"""Canaille, an OpenID provider that others wrote, with its people in memory. Says its port on a line of its own; then each
line that it reads is carried out and answered by the same word: `rotate` signs with another key and publishes it alone."""

import json
import sys
import threading

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from canaille.oidc.jose import make_default_rsa_jwk
from werkzeug.serving import WSGIRequestHandler, make_server


class Quiet(WSGIRequestHandler):
    def log_request(self, *_):
        pass


def new_key():
    return make_default_rsa_jwk().as_dict(private=True)


def say(word):
    print(word, flush=True)


asked = json.loads(sys.argv[1])
app = create_app(
    config={
        "SECRET_KEY": "a secret of this start",
        "CANAILLE": {
            "DATABASE": "memory",
            "JAVASCRIPT": False,
            "HTMX": False,
            "LANGUAGE": "en",
            "ACL": {"DEFAULT": {"PERMISSIONS": ["edit_self", "use_oidc"]}},
        },
        # The client is asked for consent like anybody's.
        "CANAILLE_OIDC": {"ACTIVE_JWKS": [new_key()], "TRUSTED_DOMAINS": []},
    }
)
with app.app_context(), Backend.instance.session():
    for person in asked["people"]:
        person["emails"] = [person.pop("email")]
        Backend.instance.save(models.User(**person))
    client = models.Client(
        client_id=asked["client_id"],
        client_secret=asked["client_secret"],
        client_name="Relais",
        client_uri=asked["url"],
        redirect_uris=[asked["url"] + "/sso/callback"],
        post_logout_redirect_uris=[asked["url"] + "/sso"],
        grant_types=["authorization_code"],
        response_types=["code"],
        scope=["openid", "email", "profile"],
        token_endpoint_auth_method="client_secret_basic",
    )
    Backend.instance.save(client)
    # By its id, which it has from now on.
    client.audience = [client]
    Backend.instance.save(client)

server = make_server("127.0.0.1", 0, app, request_handler=Quiet)
threading.Thread(target=server.serve_forever, daemon=True).start()
say(server.server_port)
for line in sys.stdin:
    if line.strip() == "rotate":
        app.config["CANAILLE_OIDC"]["ACTIVE_JWKS"] = [new_key()]
        say("rotate")
