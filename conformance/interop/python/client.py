"""The vendor's own package against a server: what it sends and reads, unmodified.

Takes the base URL as its argument and who signs in as JSON on its standard input; prints one JSON object. It prints no
token and no password, and patches nothing: a first step proves that every installed file of the package is the
published one. `conformance interop` runs it and judges what it prints.
"""

import base64
import hashlib
import importlib.metadata
import json
import sys

import jwt
import requests
from dadosfera.services import maestro
from dadosfera.services.maestro import connections as connection_functions
from dadosfera.services.maestro import data_assets
from dadosfera.services.maestro import pipelines as pipeline_functions


def unmodified():
    """The names of the package's files that differ from what its author published."""
    distribution = importlib.metadata.distribution("dadosfera")
    differ = []
    for file in distribution.files:
        if file.hash is None:
            continue
        digest = hashlib.new(file.hash.mode, file.locate().read_bytes()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != file.hash.value:
            differ.append(str(file))
    return {"version": distribution.version, "files_that_differ": differ}


def seen(config):
    """What a sign-in told, without its secrets."""
    return {
        "tokens": sorted(config.get("tokens", {})),
        "mfaStatus": config.get("mfaStatus"),
        "username": config.get("user", {}).get("username"),
        "customer": config.get("customer", {}).get("name"),
        "permissions": len(config.get("permissions", [])),
        "code": config.get("code"),
    }


def raised(call):
    """The name of the error that a call ends with."""
    try:
        call()
    except Exception as error:  # Which one it is, is the result.
        return f"{type(error).__name__}: {error}"
    return "nothing"


def kind(call):
    """The kind of the error that a call ends with; its words are those of an interpreter's version."""
    return raised(call).split(":")[0]


def verified(base_url, token):
    """Whether the token's signature is of the published key, by a library that none of us wrote."""
    keys = jwt.PyJWKSet.from_dict(requests.get(f"{base_url}/__emulator__/jwks.json", timeout=30).json())
    header = jwt.get_unverified_header(token)
    key = next(key for key in keys.keys if key.key_id == header["kid"])

    def decode(text):
        # The emulator's clock may be ahead: one that is held and moved.
        return jwt.decode(text, key.key, algorithms=["ES512"], leeway=120)

    claims = decode(token)
    head, body, signature = token.split(".")
    flipped = ("B" if signature[0] == "A" else "A") + signature[1:]
    forged = raised(lambda: decode(f"{head}.{body}.{flipped}"))
    return {
        "alg": header["alg"],
        "life": claims["exp"] - claims["iat"],
        "customer": claims.get("customer"),
        "forged": forged,
    }


def catalog(base_url, token):
    """The catalog, from the count to the deletion of one asset."""
    assets = maestro.fetch_paginated_catalog_assets(base_url, token, size=2)
    asset = assets[0]["id"]
    found = {
        "fetch_catalog_asset_count": maestro.fetch_catalog_asset_count(base_url, token),
        "fetch_paginated_catalog_assets": [item["display_name"] for item in assets],
        "get_data_asset_table_metadata": maestro.get_data_asset_table_metadata(base_url, token, asset)["data_asset"]["id"] == asset,
        "get_data_asset_column_metadata": maestro.get_data_asset_column_metadata(base_url, token, asset),
        "get_data_asset_data_preview": maestro.get_data_asset_data_preview(base_url, token, asset)["rows"],
        "update_asset_documentation": maestro.update_asset_documentation(base_url, token, asset, "What was sold")["success"],
        "get_asset_documentation": maestro.get_asset_documentation(base_url, token, asset),
    }
    data_assets.delete_data_asset(base_url, token, asset)
    found["count after delete_data_asset"] = maestro.fetch_catalog_asset_count(base_url, token)
    left = data_assets.get_data_assets(base_url, token, size=1)
    nimbus = data_assets.get_asset_nimbus_id(base_url, token, left[0]["id"])
    found["get_data_assets"] = [item["display_name"] for item in left]
    found["get_total_data_assets"] = data_assets.get_total_data_assets(base_url, token)
    found["get_asset_nimbus_id"] = nimbus.isdigit() and data_assets.get_asset_nimbus_id(base_url, token, nimbus) == nimbus
    found["get_all_metabase_dashboards"] = kind(lambda: maestro.get_all_metabase_dashboards(base_url, token))
    data_assets.bulk_delete_data_assets(base_url, token, {"search": left[0]["display_name"]})
    found["count after bulk_delete_data_assets"] = maestro.fetch_catalog_asset_count(base_url, token)
    return found


def connections(base_url, token):
    """Connections with explicit `size` and `start_page`: without them the package fails by itself."""
    page = {"size": 50, "start_page": 1}
    listed = maestro.fetch_paginated_connections(base_url, token, page)
    found = {
        "fetch_paginated_connections": [sorted(set(item) & {"id", "updated_at"}) for item in listed],
        "fetch_paginated_connections without size": raised(lambda: maestro.fetch_paginated_connections(base_url, token)),
    }
    found["get_connections"] = len(connection_functions.get_connections(base_url, token, page))
    # They delete what was not updated for 60 days: nothing here.
    maestro.delete_inactive_connections(base_url, token, page)
    connection_functions.bulk_delete_connections(base_url, token, page)
    found["connections after delete_inactive_connections"] = len(maestro.fetch_paginated_connections(base_url, token, page))
    maestro.delete_connection(base_url, token, listed[0]["id"])
    found["connections after delete_connection"] = len(maestro.fetch_paginated_connections(base_url, token, page))
    return found


def main():
    base_url = sys.argv[1]
    who = json.load(sys.stdin)
    user, mfa = who["user"], who["mfa"]

    config = maestro.get_user_config(base_url, user["username"], user["password"])
    with_code = maestro.get_user_config(base_url, mfa["username"], mfa["password"], totp=mfa["totp"])
    without_code = maestro.get_user_config(base_url, mfa["username"], mfa["password"])
    refused = maestro.get_user_config(base_url, user["username"], "a-wrong-password")
    token = maestro.get_token(base_url, user["username"], user["password"])
    no_token = raised(lambda: maestro.get_token(base_url, mfa["username"], mfa["password"], totp=mfa["totp"]))

    pipelines = maestro.fetch_paginated_pipelines(base_url, token)
    second = maestro.fetch_paginated_pipelines(base_url, token, size=1, start_page=2)
    ids = [pipeline["id"] for pipeline in pipelines]
    history = {id: [run["status"] for run in maestro.fetch_pipeline_execution_history(base_url, token, id)] for id in ids}
    everything = [run["status"] for run in maestro.fetch_execution_history_all_pipelines(base_url, token)]
    aliases = {
        "get_pipelines": pipeline_functions.get_pipelines(base_url, token) == pipelines,
        "get_status_by_pipeline": [run["status"] for run in pipeline_functions.get_status_by_pipeline(base_url, token, ids[0])] == history[ids[0]],
        "get_status_of_all_pipelines": [run["status"] for run in pipeline_functions.get_status_of_all_pipelines(base_url, token)] == everything,
    }
    bearer = raised(lambda: maestro.fetch_paginated_pipelines(base_url, f"Bearer {token}"))

    json.dump(
        {
            "package": unmodified(),
            "get_user_config": seen(config),
            "get_user_config with a code": seen(with_code),
            "get_user_config without a code": seen(without_code),
            "get_user_config with a wrong password": seen(refused),
            "get_token of a user with MFA": no_token,
            "fetch_paginated_pipelines": ids,
            "fetch_paginated_pipelines, second page of one": [pipeline["id"] for pipeline in second],
            "fetch_pipeline_execution_history": history,
            "fetch_execution_history_all_pipelines": everything,
            "other names of the same": aliases,
            "with Bearer": bearer,
            "delete_users_from_date": kind(lambda: maestro.delete_users_from_date(base_url, "2020", token, user["username"])),
            "catalog": catalog(base_url, token),
            "connections": connections(base_url, token),
            "get_all_users": sorted(person["username"] for person in maestro.get_all_users(base_url, token, user["username"])["users"]),
            "signature": verified(base_url, token),
        },
        sys.stdout,
    )


main()
