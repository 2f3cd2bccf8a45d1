"""What schemathesis reports wrongly about Maestro is dropped here, each by an entry of `exceptions.yaml` with its reason.

When the run ends, how often each entry matched is written to `matched.json`: `conformance schemathesis` fails on an entry
that matched nothing.
"""

import atexit
import json
import re
from pathlib import Path

import schemathesis
import yaml

HERE = Path(__file__).parent
EXCEPTIONS = yaml.safe_load((HERE / "exceptions.yaml").read_text(encoding="utf-8"))
MATCHED = [0] * len(EXCEPTIONS)


def words(response):
    """What an error says, whichever of the API's shapes it has."""
    try:
        body = response.json()
    except ValueError:
        return [response.text]
    detail = body.get("detail", {})
    if isinstance(detail, str):
        return [detail]
    message = body.get("message", detail.get("traceback", ""))
    return message if isinstance(message, list) else [message, body.get("details", "")]


def fits(entry, code, case, response):
    """Whether an entry is about this failure: its code, one of its statuses, its operation, and every word of the answer."""
    if entry["code"] != code or response.status_code not in entry["statuses"]:
        return False
    operation = case.operation.definition.raw.get("operationId")
    if "operations" in entry and operation not in entry["operations"]:
        return False
    return all(re.fullmatch(entry["says"], word, re.DOTALL) for word in words(response) if word)


@schemathesis.hook
def before_call(context, case, kwargs):
    # A name that an answer brought comes back in a header, which cannot hold every text.
    for name, value in (case.headers or {}).items():
        if isinstance(value, str):
            case.headers[name] = "".join(letter for letter in value if " " <= letter <= "~").strip()


@schemathesis.hook
def filter_failure(context, failure, case, response):
    for number, entry in enumerate(EXCEPTIONS):
        if fits(entry, failure.code, case, response):
            MATCHED[number] += 1
            return False
    return True


@atexit.register
def report():
    (HERE / "matched.json").write_text(json.dumps(MATCHED), encoding="utf-8")
