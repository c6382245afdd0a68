"""An application that is told what happens: writes down each webhook that it hears, and answers as it is told to.

Arguments: the file to write to, the file that says how to answer (ok, slow, down, refuse, drop), and the file with the
signing secret. Prints its port.
"""

import base64
import hashlib
import hmac
import http.server
import json
import sys
import time

LOG, MODE, SECRET = sys.argv[1:4]
STATUS = {"ok": 204, "slow": 200, "down": 503, "refuse": 400}


def signature(secret, headers, body):
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


class Application(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        with open(MODE, encoding="utf-8") as file:
            mode = file.read().strip()
        with open(SECRET, encoding="utf-8") as file:
            right = signature(file.read().strip(), self.headers, body)
        genuine = right in self.headers["webhook-signature"].split(" ")
        heard = {"id": self.headers["webhook-id"], "genuine": genuine, "mode": mode, "body": json.loads(body)}
        with open(LOG, "a", encoding="utf-8") as file:
            file.write(json.dumps(heard) + "\n")
        if mode == "drop":
            # Taken, and the answer lost.
            self.close_connection = True
            return
        if mode == "slow":
            time.sleep(1)
        self.send_response(STATUS[mode])
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Application)
print(server.server_port, flush=True)
server.serve_forever()
