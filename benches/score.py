"""Prints what `benches/score` measured: a line for each turn, with a label, the number of units and hyperfine's JSON."""

import json
import statistics
import sys

COLUMNS = "{:22} {:>5} {:>10} {:>10} {:>7} {:>14} {:>10} {:>7}"
turns = {}
for line in sys.stdin:
    label, units, times = line.split("\t")
    turns.setdefault((label, units), []).append(json.loads(times)["results"])

print("median, and mean processor time; milliseconds")
print(COLUMNS.format("", "units", "systemd", "ringfence", "ratio", "processor: s.", "ringfence", "ratio"))
for (label, units), results in turns.items():
    both = list(zip(*results))
    wall = [1000 * statistics.median(time for one in tool for time in one["times"]) for tool in both]
    used = [1000 * statistics.mean(one["user"] + one["system"] for one in tool) for tool in both]
    figures = [f"{x:.1f}" for pair in (wall, used) for x in (*pair, pair[0] / pair[1])]
    print(COLUMNS.format(label, units, *figures))
