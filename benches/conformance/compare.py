"""Ours and schemathesis beside each other, over the 45 planted violations of the shelf, one at a time.

    python3 benches/conformance/compare.py --st VENV/bin/st --conformance target/debug/conformance --json FILE

A violation counts as found by schemathesis where a run reports a failure (operation and title) that none of three runs
against the clean shelf reports, and by ours where the finding is of the check that violations.toml names. Prints a
Markdown table with the versions and the date. `cargo xtask bench conformance` runs it.
"""

import argparse
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import tomllib
import xml.etree.ElementTree as ElementTree

HERE = pathlib.Path(__file__).resolve().parents[2] / "conformance" / "fixtures" / "shelf"
TITLE = re.compile(r"- ST\d+ ")
CLEAN_SEEDS = [1, 2, 3]
SECRETS = {
    "SHELF_ADA_PASSWORD": "ada-has-a-long-password",
    "SHELF_BOB_PASSWORD": "bob-has-a-long-password",
    "SHELF_EVE_TOKEN": "token-of-eve-19e6f2ab83",
}


class Shelf:
    def __init__(self, violation):
        command = [sys.executable, str(HERE / "server.py"), "--violation", violation]
        self.child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{self.child.stdout.readline().strip()}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()


def schemathesis(program, violation, folder, seed):
    report = folder / "junit.xml"
    report.unlink(missing_ok=True)
    with Shelf(violation) as shelf:
        began = time.monotonic()
        subprocess.run(
            [program, "run", str(HERE / "shelf.yaml"), "--url", shelf.url, "--checks", "all", "--continue-on-failure", "--max-time", "60",
             "-H", "Authorization: Bearer token-of-ada-7f3a9c51e2", "--seed", str(seed), "--generation-database", "none",
             "--report-junit-path", str(report), "--no-color"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=600, cwd=folder, check=False,
        )
        took = time.monotonic() - began
    failures = set()
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        for failure in case.iter("failure"):
            titles = [line[2:].strip() for line in (failure.text or "").splitlines() if TITLE.match(line)]
            failures |= {(case.get("name"), title) for title in titles}
    return failures, took


def ours(program, violation, folder):
    report = folder / "report.json"
    with Shelf(violation) as shelf:
        began = time.monotonic()
        subprocess.run(
            [program, "check", "--document", str(HERE / "shelf.yaml"), "--base-url", shelf.url,
             "--actors", str(HERE / "actors.toml"), "--seed", "1", "--report", f"json={report}"],
            stdout=subprocess.DEVNULL, env={**os.environ, **SECRETS}, timeout=600, check=False,
        )
        took = time.monotonic() - began
    said = json.loads(report.read_text())
    return {finding["code"] for finding in said["findings"]}, took, said["requests"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--st")
    parser.add_argument("--conformance")
    parser.add_argument("--json", type=pathlib.Path, help="keeps what was measured, and goes on from it")
    parser.add_argument("--form", choices=["table", "totals"], default="table")
    arguments = parser.parse_args()
    # schemathesis runs in a folder of its own.
    arguments.st, arguments.conformance = (it and str(pathlib.Path(it).absolute()) for it in (arguments.st, arguments.conformance))
    violations = tomllib.loads((HERE / "violations.toml").read_text())["violation"]
    counted = [violation for violation in violations if violation["class"] != "more"]
    kept = json.loads(arguments.json.read_text()) if arguments.json and arguments.json.exists() else {}
    kept.setdefault("date", datetime.datetime.now(datetime.timezone.utc).date().isoformat())
    versions = kept.setdefault("versions", {})
    for name, program in (("st", arguments.st), ("ours", arguments.conformance)):
        if program and name not in versions:
            versions[name] = version(program)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for violation in [{"name": "none", "code": ""}, *counted]:
            row = kept.setdefault(violation["name"], {})
            if arguments.st and "st" not in row:
                seeds = CLEAN_SEEDS if violation["name"] == "none" else CLEAN_SEEDS[:1]
                runs = [schemathesis(arguments.st, violation["name"], folder, seed) for seed in seeds]
                failures = set().union(*(failures for failures, _ in runs))
                row["st"] = {"failures": sorted(map(list, failures)), "took": runs[0][1]}
            if arguments.conformance and "ours" not in row:
                codes, took, requests = ours(arguments.conformance, violation["name"], folder)
                row["ours"] = {"codes": sorted(codes), "took": took, "requests": requests}
            if arguments.json:
                arguments.json.write_text(json.dumps(kept, indent=1))
    show(counted, kept, arguments.form)


def version(program):
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return said.split()[-1]


def show(counted, kept, form):
    clean = {tuple(failure) for failure in kept["none"].get("st", {}).get("failures", [])}
    versions = kept["versions"]
    totals, rows, took, requests = {}, [], {"st": [], "ours": []}, []
    for violation in counted:
        row = kept[violation["name"]]
        st, mine = row.get("st"), row.get("ours")
        new = st and sorted({title for _, title in {tuple(f) for f in st["failures"]} - clean})
        found = bool(mine and violation["code"] in mine["codes"])
        count = totals.setdefault(violation["class"], [0, 0, 0])
        count[0] += 1
        count[1] += bool(new)
        count[2] += found
        for name, run in (("st", st), ("ours", mine)):
            took[name] += [run["took"]] if run else []
        requests += [mine["requests"]] if mine else []
        rows.append(f"| {violation['class']} | {violation['says']} | {new[0] if new else '–'} | {seconds(st, 0)} "
                    f"| {'`' + violation['code'] + '`' if found else '–'} | {seconds(mine, 1)} | {mine['requests'] if mine else '–'} |")
    head = f"| class | what the server does | schemathesis {versions.get('st', '–')} | s | ours {versions.get('ours', '–')} | s | requests |"
    if form == "table":
        print(head + "\n|---|---|---|---|---|---|---|\n" + "\n".join(rows) + "\n")
    print(f"| found | of | schemathesis {versions.get('st', '–')} | ours {versions.get('ours', '–')} |\n|---|---|---|---|")
    for name, (of, st, mine) in totals.items():
        print(f"| {name} | {of} | {st} | {mine} |")
    every = [sum(column) for column in zip(*totals.values())]
    print(f"| all | {every[0]} | {every[1]} | {every[2]} |")
    print(f"| median time of a run | | {middle(took['st']):.0f} s | {middle(took['ours']):.1f} s, {middle(requests):.0f} requests |\n")
    print(f"Measured on {kept['date']} on {os.cpu_count()} cores by `cargo xtask bench conformance --write`: one violation at a time, "
          "all checks of schemathesis on and at most 60 s each; the server, its violations and our checks have one author.")


def seconds(run, digits):
    return f"{run['took']:.{digits}f}" if run else "–"


def middle(values):
    return sorted(values)[len(values) // 2] if values else 0


if __name__ == "__main__":
    main()
