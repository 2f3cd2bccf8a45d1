"""Ours and schemathesis beside each other, over the 45 planted violations of the shelf, one at a time.

    python3 benches/conformance/compare.py --st VENV/bin/st --conformance target/debug/conformance --json FILE

A violation counts as found by schemathesis where a run reports a failure (operation and title) that none of three runs
against the clean shelf reports, and by ours where the finding is of the check that violations.toml names. Prints a
Markdown table.
"""

import argparse
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
    arguments = parser.parse_args()
    violations = tomllib.loads((HERE / "violations.toml").read_text())["violation"]
    counted = [violation for violation in violations if violation["class"] != "more"]
    kept = json.loads(arguments.json.read_text()) if arguments.json and arguments.json.exists() else {}
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
    clean = {tuple(failure) for failure in kept["none"].get("st", {}).get("failures", [])}
    print("| class | violation | schemathesis | s | ours | s | requests |\n|---|---|---|---|---|---|---|")
    totals = {}
    for violation in counted:
        row = kept[violation["name"]]
        st = row.get("st")
        new = st and sorted({title for _, title in {tuple(f) for f in st["failures"]} - clean})
        mine = row.get("ours")
        found = bool(mine and violation["code"] in mine["codes"])
        count = totals.setdefault(violation["class"], [0, 0, 0])
        count[0] += 1
        count[1] += bool(new)
        count[2] += found
        print(f"| {violation['class']} | {violation['says']} | {new[0] if new else '–'} | {st['took']:.0f} "
              f"| {violation['code'] if found else '–'} | {mine['took']:.1f} | {mine['requests']} |"
              if st and mine else f"| {violation['class']} | {violation['name']} | {st and bool(new)} | {found} |")
    for name, (of, st, mine) in totals.items():
        print(f"{name}: schemathesis {st} of {of}, ours {mine} of {of}")
    print("all:", "schemathesis", sum(t[1] for t in totals.values()), "ours", sum(t[2] for t in totals.values()), "of", len(counted))


if __name__ == "__main__":
    main()
