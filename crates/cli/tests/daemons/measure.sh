# What is measured of a unit.

# UNIT: its exposure, as systemd says it.
exposure() { systemd-analyze security --no-pager "$1" | sed -n 's/.*exposure level for .*: \([0-9.]*\) .*/\1/p'; }

# UNIT: how many paths its main process sees, but for those of the kernel.
visible() {
    local root
    root=/proc/$(systemctl show -P MainPID "$1")/root
    find "$root/" \( -path "$root/proc" -o -path "$root/sys" -o -path "$root/dev" \) -prune -o -print | wc -l
}
