"""ask_prometheus.py HOST:PORT PAGE RULES DASHBOARD -- what a Prometheus makes of a node

PAGE is a page of metrics, RULES and DASHBOARD the files of contrib. Ends with 0 where the node is scraped
without a mistake, every rule is evaluated well, all names that rules and dashboard use are on the page, their
expressions give results, and the alert about the node's failed zone has come up.
"""
import json
import re
import sys
import time
import urllib.parse
import urllib.request

server, page_path, rules_path, dashboard_path = sys.argv[1:5]
LIMIT_S = 30
# What a node without a fleet, without signed zones and without secondaries has no samples of.
WITHOUT = re.compile(r"pharos_(fleet_(?!configured)|(group_)?signatures_expire|group_zones_expire)")
SUFFIXES = {
    "counter": ["_total"],
    "info": ["_info"],
    "histogram": ["_bucket", "_count", "_sum"],
}


def get(path, **query):
    url = f"http://{server}/api/v1/{path}?{urllib.parse.urlencode(query)}"
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{url}: {error.read().decode()}") from error
    except (urllib.error.URLError, ConnectionError):
        return None  # it starts still


def wait_for(what, look):
    deadline = time.monotonic() + LIMIT_S
    while not (found := look()):
        if time.monotonic() > deadline:
            raise SystemExit(f"waited in vain for {what}")
        time.sleep(0.1)
    return found


def scraped():
    targets = (get("targets") or {}).get("activeTargets", [])
    for target in targets:
        if target["health"] == "down":
            raise SystemExit(f"the scrape fails: {target['lastError']}")
    return targets and all(target["health"] == "up" for target in targets)


def rules():
    return [rule for group in (get("rules") or {"groups": []})["groups"] for rule in group["rules"]]


def evaluated():
    for rule in rules():
        if rule["health"] == "err":
            raise SystemExit(f"{rule['name']}: {rule['lastError']}")
    return rules() and all(rule["health"] == "ok" for rule in rules())


def families():
    """The names of the samples that the page may have."""
    names = set()
    with open(page_path, encoding="utf-8") as page:
        for line in page:
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split()
                names.update(name + suffix for suffix in SUFFIXES.get(kind, [""]))
    return names


def names_in(expression):
    """The metrics that a PromQL expression names; recording rules have colons."""
    bare = re.sub(r"\{[^}]*\}|\"[^\"]*\"", "", expression)
    bare = re.sub(r"\b(by|ignoring|on|without)\s*\([^)]*\)", "", bare)
    return {name for name in re.findall(r"[a-zA-Z_:][a-zA-Z0-9_:]*", bare) if "pharos" in name}


def dashboard_expressions():
    with open(dashboard_path, encoding="utf-8") as file:
        dashboard = json.load(file)
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield (target["expr"].replace("$instance", ".*").replace("$group", ".*")
                   .replace("$__rate_interval", "1m"))
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            name = re.fullmatch(r"label_values\((\w+), \w+\)", variable["query"]["query"])
            yield name.group(1)


def without_threshold(expression):
    return re.sub(r"\s*(==|>=|<=|>|<)\s*[0-9.]+\s*$", "", expression)


wait_for("a scrape", scraped)
wait_for("the rules", evaluated)
recorded = {rule["name"] for rule in rules() if rule["type"] == "recording"}
known = families() | recorded | {"up"}
expressions = [rule["query"] for rule in rules()] + list(dashboard_expressions())
assert len(expressions) > 50, len(expressions)
used = set()
for expression in expressions:
    names = names_in(expression)
    assert names or "up" in expression, expression
    assert names <= known, f"not on the page: {names - known} of {expression}"
    used |= names
    if not WITHOUT.search(expression):
        wait_for(f"a result of {expression}",
                 lambda e=without_threshold(expression): get("query", query=e)["result"])
    else:
        get("query", query=expression)  # is understood
wait_for("the alert about the failed zone",
         lambda: [a for a in get("alerts")["alerts"]
                  if a["labels"]["alertname"] == "PharosZoneFailed"
                  and a["state"] in ("pending", "firing")])
assert rules_path in {group["file"] for group in get("rules")["groups"]}
print(f"{len(expressions)} expressions, {len(used)} names")
