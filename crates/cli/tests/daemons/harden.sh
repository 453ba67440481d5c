# Hardens one daemon of the lab, and asks whether it still does everything.
#
#   bash harden.sh shipped|standard|tight DAEMON
#
# Hardening applies its drop-in itself; in the end that is rolled back. `shipped` asks the same of the unit as Debian ships
# it: what fails there is the exercise's fault. Prints `KEY VALUE` lines; what went wrong goes to standard error. The daemon's
# exercises are in exercises/DAEMON.sh: `prepare` sets the machine up, `exercise` is what hardening sees, `wider` is what it
# never sees.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
level=$1 daemon=$2

. "$here/measure.sh"
. "$here/exercises/$daemon.sh" # for $unit
drop_in=/etc/systemd/system/$unit.d/50-ringfence.conf
step() {
    local log=/run/daemons/$daemon.$1.log what=$1
    shift
    "$@" > "$log" 2>&1 && return
    echo "FAILED: $daemon, $level: $what" >&2
    tail -n 30 "$log" >&2
    [ ! -e "$drop_in" ] || sed 's/^/    /' "$drop_in" >&2
    journalctl -q --no-pager -n 25 -o cat -u "$unit" >&2
    exit 1
}
perform() { level=$level timeout 120 bash "$here/perform.sh" "$@"; }

mkdir -p /run/daemons
# Nothing of the daemons has run when this is called for the first time: that is how a boot leaves /run.
[ -e /run/daemons/booted ] || printf '%s\n' /run/* /run/lock/* /run/user /run/sudo > /run/daemons/booted
trap 'timeout 30 systemctl stop "$unit" || systemctl kill -s KILL "$unit"' EXIT
perform "$daemon" prepare > "/run/daemons/$daemon.prepare.log" 2>&1 || { cat "/run/daemons/$daemon.prepare.log" >&2; exit 1; }
step start systemctl restart "$unit"
step exercise-before perform "$daemon" exercise
echo "before $(exposure "$unit")"
if [ "$level" != shipped ]; then
    begun=$(date +%s%N)
    step harden timeout 300 bash -c 'ringfence --color never harden "$1" --level "$2" --exercise "$3" --explain --apply --watch 2s' \
        harden "$unit" "$level" "bash $here/perform.sh $daemon exercise"
    echo "seconds $(( ($(date +%s%N) - begun) / 1000000000 ))"
    echo "trials $(sed -n 's/.* \([0-9]*\) trials$/\1/p' "/run/daemons/$daemon.harden.log")"
    step still-active systemctl is-active "$unit"
    echo "after $(exposure "$unit")"
    step exercise perform "$daemon" exercise
    [ "$level" != tight ] || echo "visible $(visible "$unit")"
fi
step wider perform "$daemon" wider
step active systemctl is-active "$unit"
if [ -e "$drop_in" ]; then
    step rollback ringfence rollback "$unit"
    step rolled-back bash -c '[ ! -e "$1" ]' rolled-back "$drop_in"
    step exercise-after-rollback perform "$daemon" exercise
fi
