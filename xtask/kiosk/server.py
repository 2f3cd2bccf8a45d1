"""Kiosk: the API of kiosk.json as it behaves, and not as its framework wrote it down; two tenants.

    python3 server.py --port 0        # prints the port that it listens on

Ids are counted and times stand still, so that calls can be written down with their answers. It knows nothing of the tools
that look at it.
"""

import argparse
import json
import re
import threading
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

USERS = {"ada": ("ada-has-a-long-password", 1), "bob": ("bob-has-a-long-password", 2)}
TOKENS = {"token-of-ada-5d1f0c77aa": "ada", "token-of-bob-c93e42b610": "bob"}
NOW = "2031-04-05T06:07:08.000Z"
STATES = ["draft", "listed", "sold"]
PERIODS = ["day", "week"]
LARGEST = 1 << 20
PNG = b"\x89PNG\r\n\x1a\nno photo yet"
NAMES = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed"}

LOCK = threading.Lock()
ITEMS, ORDERS, COUNT = {}, {}, {"id": 100}


class Refused(Exception):
    def __init__(self, status, message, headers=None):
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers


def new_id():
    COUNT["id"] += 1
    return f"00000000-0000-4000-8000-{COUNT['id']:012d}"


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_text(value, least, most):
    return isinstance(value, str) and least <= len(value) <= most


ITEM = {
    "name": lambda value: is_text(value, 1, 60),
    "price": lambda value: is_number(value) and 0 <= value <= 100000,
    "state": lambda value: value in STATES,
    "tags": lambda value: isinstance(value, list) and len(value) <= 5 and all(is_text(tag, 1, 12) for tag in value),
    "note": lambda value: value is None or is_text(value, 0, 200),
}
LOGIN = {"username": lambda value: is_text(value, 1, 40), "password": lambda value: isinstance(value, str)}
ORDER = {
    "itemId": lambda value: isinstance(value, str) and re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", value),
    "count": lambda value: is_number(value) and value == int(value) and 1 <= value <= 99,
}


def checked(body, fields, required):
    """What of a body is known, or a refusal with all that is wrong: a list, as the framework's validator answers."""
    wrong = [f"{name} should not be empty" for name in required if name not in body]
    wrong += [f"{name} is not valid" for name in fields if name in body and not fields[name](body[name])]
    if wrong:
        raise Refused(400, wrong)
    return {name: body[name] for name in fields if name in body}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *_):
        pass

    def answer(self, status, body=None, headers=None):
        self.answer_raw(status, b"" if body is None else json.dumps(body).encode(), "application/json", headers)

    def answer_raw(self, status, raw, media_type, headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if raw:
            self.send_header("Content-Type", media_type)
        if self.close_connection:
            self.send_header("Connection", "close")
        if status != 204:
            self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(raw)
        self.wfile.flush()

    def refuse(self, refused):
        body = {"statusCode": refused.status, "message": refused.message}
        if refused.status in NAMES:
            body["error"] = NAMES[refused.status]
        self.answer(refused.status, body, refused.headers)

    def json(self):
        media_type = self.headers.get("Content-Type", "").split(";")[0].strip().lower()
        if media_type != "application/json":
            raise Refused(415, "application/json is read")
        try:
            # Python reads NaN and lone surrogates, which no JSON has.
            body = json.loads(self.raw.decode(), parse_constant=lambda _: 1 / 0)
        except (ValueError, ZeroDivisionError, RecursionError):
            raise Refused(400, "this is no JSON") from None
        if not isinstance(body, dict):
            raise Refused(400, "this is no object")
        return body

    def who(self):
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or token not in TOKENS:
            raise Refused(401, "Unauthorized")
        return TOKENS[token]

    def run(self):
        length = int(self.headers.get("Content-Length") or 0)
        chunked = "chunked" in self.headers.get("Transfer-Encoding", "")
        self.raw = self.chunks() if chunked else self.rfile.read(min(length, LARGEST))
        while length > LARGEST:
            length -= len(self.rfile.read(min(length - LARGEST, 1 << 16))) or length
            self.close_connection = True
        url = urlsplit(self.path)
        self.query = parse_qs(url.query, keep_blank_values=True)
        with LOCK:
            try:
                if self.close_connection and len(self.raw) == LARGEST:
                    raise Refused(413, "request entity too large")
                self.route(url.path.strip("/").split("/"))
            except Refused as refused:
                self.refuse(refused)

    def chunks(self):
        whole = b""
        while size := int(self.rfile.readline(), 16):
            whole += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return whole

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = do_TRACE = run

    def route(self, parts):
        routes = [
            ("health", {"GET": self.health}),
            ("auth/login", {"POST": self.login}),
            ("me", {"GET": self.me}),
            ("items", {"GET": self.list_items, "POST": self.create_item}),
            ("items/*", {"GET": self.get_item, "PATCH": self.update_item, "DELETE": self.delete_item}),
            ("items/*/photo", {"GET": self.photo, "POST": self.upload}),
            ("items/*/events", {"GET": self.events}),
            ("orders", {"POST": self.create_order}),
            ("orders/*", {"GET": self.get_order}),
            ("reports/*", {"GET": self.report}),
            ("v2/reports/*", {"GET": self.summary}),
        ]
        for route, methods in routes:
            words = route.split("/")
            if len(words) == len(parts) and all(word in ("*", part) for word, part in zip(words, parts)):
                if self.command not in methods:
                    raise Refused(405, "this method is not allowed", {"Allow": ", ".join(methods)})
                ids = [part for word, part in zip(words, parts) if word == "*"]
                return methods[self.command](*ids)
        raise Refused(404, f"Cannot {self.command} /{'/'.join(parts)}")

    # The API

    def health(self):
        self.answer(200, {"status": "ok"})

    def login(self):
        body = checked(self.json(), LOGIN, LOGIN)
        password, _ = USERS.get(body["username"], (None, 0))
        if password != body["password"]:
            raise Refused(401, "Unauthorized")
        self.answer(200, {"accessToken": next(token for token, name in TOKENS.items() if name == body["username"])})

    def user(self, name):
        return {"id": f"00000000-0000-4000-8000-{USERS[name][1]:012d}", "name": name}

    def me(self):
        self.answer(200, self.user(self.who()))

    def shown(self, item):
        return {name: value for name, value in item.items() if not name.startswith("_")}

    def create_item(self):
        name = self.who()
        body = checked(self.json(), ITEM, ["name", "price"])
        item = {"id": new_id(), "state": "draft", "tags": [], "note": None, **body}
        item |= {"seller": self.user(name), "createdAt": NOW, "_owner": name}
        item["_events"] = [{"type": "created", "at": NOW}]
        ITEMS[item["id"]] = item
        self.answer(201, self.shown(item))

    def number(self, name, default, most):
        text = self.query.get(name, [str(default)])[-1]
        if not re.fullmatch(r"[0-9]+", text) or not 1 <= int(text) <= most:
            raise Refused(400, [f"{name} must be a whole number from 1 to {most}"])
        return int(text)

    def list_items(self):
        owner = self.who()
        page, limit = self.number("page", 1, 100000), self.number("limit", 20, 50)
        mine = [item for item in ITEMS.values() if item["_owner"] == owner]
        for name, field in (("state", "state"), ("filter[state]", "state"), ("filter[name]", "name")):
            if name in self.query:
                wanted = self.query[name][-1]
                if field == "state" and wanted not in STATES:
                    raise Refused(400, [f"{name} must be one of {', '.join(STATES)}"])
                mine = [item for item in mine if item[field] == wanted]
        start = (page - 1) * limit
        data = [self.shown(item) for item in mine[start : start + limit]]
        self.answer(200, {"total": len(mine), "page": page, "data": data})

    def find(self, kept, number):
        owner = self.who()
        thing = kept.get(number)
        if thing is None or thing["_owner"] != owner:
            raise Refused(404, "Not Found")
        return thing

    def get_item(self, number):
        self.answer(200, self.shown(self.find(ITEMS, number)))

    def update_item(self, number):
        item = self.find(ITEMS, number)
        fields = {name: ITEM[name] for name in ("name", "price", "state", "note")}
        body = checked(self.json(), fields, [])
        item.update(body)
        if body:
            item["_events"].append({"type": "changed", "at": NOW, "fields": sorted(body)})
        self.answer(200, self.shown(item))

    def delete_item(self, number):
        self.find(ITEMS, number)
        del ITEMS[number]
        self.answer(204)

    def upload(self, number):
        item = self.find(ITEMS, number)
        kind = self.headers.get("Content-Type", "")
        if not kind.lower().startswith("multipart/form-data"):
            raise Refused(415, "multipart/form-data is read")
        form = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + self.raw)
        parts = {part.get_param("name", header="content-disposition"): part for part in form.iter_parts()} if form.is_multipart() else {}
        if "file" not in parts or parts["file"].get_filename() is None:
            raise Refused(400, "File is required")
        photo = parts["file"].get_payload(decode=True)
        item["_photo"] = photo
        caption = parts["caption"].get_payload(decode=True).decode() if "caption" in parts else None
        self.answer(201, {"bytes": len(photo), "mediaType": parts["file"].get_content_type(), "caption": caption})

    def photo(self, number):
        self.answer_raw(200, self.find(ITEMS, number).get("_photo", PNG), "image/png")

    def events(self, number):
        self.answer(200, self.find(ITEMS, number)["_events"])

    def create_order(self):
        owner = self.who()
        body = checked(self.json(), ORDER, ORDER)
        if ITEMS.get(body["itemId"], {"_owner": None})["_owner"] != owner:
            raise Refused(404, "there is no such item")
        order = {"id": new_id(), "itemId": body["itemId"], "count": int(body["count"]), "_owner": owner}
        ORDERS[order["id"]] = order
        self.answer(201, self.shown(order))

    def get_order(self, number):
        self.answer(200, self.shown(self.find(ORDERS, number)))

    def period(self, word):
        self.who()
        if word not in PERIODS:
            raise Refused(400, "period must be one of day, week")
        return word

    def report(self, word):
        self.answer_raw(200, f"period,items\n{self.period(word)},{len(ITEMS)}\n".encode(), "text/csv")

    def summary(self, word):
        self.answer(200, {"period": self.period(word), "items": len(ITEMS)})


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    server = ThreadingHTTPServer(("127.0.0.1", parser.parse_args().port), Handler)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    server.serve_forever()
