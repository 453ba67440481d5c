# Runs units under ringfence, asks until there is an answer, and stops them again with SIGTERM, the last one first.
#
#   bash -s USER ASK UNIT... < serve.sh
#
# ASK is a shell command that fails for as long as there is no answer. Prints the answer, and then, each behind a line
# of its own: the exit status of each `ringfence run`, the processes that are left, and what ringfence said.
user=$1 ask=$2
shift 2
as=()
if [ "$user" != root ]; then
    install -d -o "$user" "/run/user-$user" "/home/$user"
    as=(env "HOME=/home/$user" "XDG_RUNTIME_DIR=/run/user-$user"
        setpriv --reuid "$user" --regid "$user" --init-groups --inh-caps=-all)
fi
log=$(mktemp -d)
declare -A runs
all_run() {
    local pid
    for pid in "${runs[@]}"; do kill -0 "$pid" 2> /dev/null || return 1; done
}
for unit; do
    "${as[@]}" ringfence -v run "$unit" > "$log/$unit.log" 2>&1 < /dev/null &
    runs[$unit]=$!
    # The next may need this one's directories, which are there when its program runs.
    while all_run && ! grep -qs ' runs as process ' "$log/$unit.log"; do sleep 0.1; done
done
for ((turn = 0; turn < 1200; turn++)); do
    all_run || break
    if bash -c "$ask" 2> /dev/null; then break; fi
    sleep 0.1
done
echo '--- statuses'
for ((at = $#; at > 0; at--)); do
    unit=${!at}
    kill -s TERM "${runs[$unit]}" 2> /dev/null
    wait "${runs[$unit]}"
    echo "$unit $?"
done
echo '--- left'
ps -e -o pid=,ppid=,args= > "$log/processes"
# The machine's own: its init and what that waits for, this shell, and ps.
awk -v shell=$$ '$1 != 1 && $1 != shell && $2 != shell && !($2 == 1 && $3 == "sleep")' "$log/processes"
echo '--- log'
tail -n 40 "$log"/*.log
