"""What the benches share: floods, CPU and memory of processes, rounds that take turns, tables."""
import json
import os
import resource
import statistics
import subprocess

from peers import SERVER_CPU

GENERATOR_CPU = "1"


def flood(build, server, questions, seconds, *more):
    out = subprocess.run([str(build / "bench/bench_flood"), "--target", f"127.0.0.1@{server.port}", "--questions",
                          str(questions), "--seconds", str(seconds), "--cpu", GENERATOR_CPU, "--pid", str(server.pid()),
                          *more], check=True, capture_output=True, text=True).stdout
    return json.loads(out)


def cpu_of(command):
    """CPU seconds of a command, its children included; None where it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(["taskset", "-c", SERVER_CPU] + command, check=False, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return seconds if done.returncode in (0, 1) else None


def machine():
    with open("/proc/cpuinfo", encoding="ascii") as info:
        model = next((line.split(":")[1].strip() for line in info if line.startswith("model name")), "?")
    return {"cpu": model, "cores": os.cpu_count(), "kernel": os.uname().release,
            "load_before": round(os.getloadavg()[0], 2)}


class Figures:
    """Values by row and column, with what is to be told of them: median, spread, and the ratio to a row."""

    def __init__(self, title, unit, base, digits=2):
        self.title, self.unit, self.base, self.digits = title, unit, base, digits
        self.rows, self.columns, self.values = [], [], {}

    def add(self, row, column, value):
        if row not in self.rows:
            self.rows.append(row)
        if column not in self.columns:
            self.columns.append(column)
        if value is not None:
            self.values.setdefault((row, column), []).append(value)

    def median(self, row, column):
        values = self.values.get((row, column))
        return statistics.median(values) if values else None

    def cell(self, row, column):
        values = self.values.get((row, column))
        if not values:
            return "- | -"
        base = self.median(self.base, column)
        ratio = f"{statistics.median(values) / base:.2f}" if base else ""
        words = f"{statistics.median(values):.{self.digits}f}"
        if len(values) > 1:
            words += f" [{min(values):.{self.digits}f} to {max(values):.{self.digits}f}]"
        return f"{words} | {ratio}"

    def markdown(self):
        head = " | ".join(f"{column} | ratio" for column in self.columns)
        lines = [f"### {self.title}", "", f"{self.unit}; ratios to {self.base}.", "", f"| | {head} |",
                 "| --- |" + " --- | --- |" * len(self.columns)]
        for row in self.rows:
            lines.append(f"| {row} | " + " | ".join(self.cell(row, column) for column in self.columns) + " |")
        return "\n".join(lines) + "\n"

    def json(self):
        rows = {}
        for (row, column), values in self.values.items():
            base = self.median(self.base, column)
            median = statistics.median(values)
            rows.setdefault(row, {})[column] = {"median": median, "least": min(values), "greatest": max(values),
                                                "values": values, "ratio": median / base if base else None}
        return {"title": self.title, "unit": self.unit, "base": self.base, "rows": rows}
