"""Prints what `benches/score` measured: a line each with a label, the number of units and hyperfine's JSON."""

import json
import sys

COLUMNS = "{:22} {:>5} {:>10} {:>10} {:>7} {:>14} {:>10} {:>7}"
print("median, and mean processor time; milliseconds")
print(COLUMNS.format("", "units", "systemd", "ringfence", "ratio", "processor: s.", "ringfence", "ratio"))
for line in sys.stdin:
    label, units, times = line.split("\t")
    both = json.loads(times)["results"]
    wall = [1000 * one["median"] for one in both]
    used = [1000 * (one["user"] + one["system"]) for one in both]
    figures = [f"{x:.1f}" for pair in (wall, used) for x in (*pair, pair[0] / pair[1])]
    print(COLUMNS.format(label, units, *figures))
