# Performs one act of a daemon's exercises: bash perform.sh DAEMON prepare|exercise|wider. Ends with 0 when all of it worked.
# Its environment: level, as harden.sh takes it.
set -euEo pipefail
shopt -s inherit_errexit
here=$(dirname "$(realpath "$0")")

fail() { echo "FAILED: $*" >&2; exit 1; }
trap 'fail "line $LINENO: $BASH_COMMAND"' ERR

# EXPECTED COMMAND...: the command prints what is expected.
is() {
    local expected=$1 printed
    shift
    printed=$("$@" 2>&1) || true
    [ "$printed" = "$expected" ] || fail "\`$*\` printed \`$printed\`, not \`$expected\`"
}

# COMMAND...: it succeeds within 10 seconds.
soon() {
    local turn
    for ((turn = 0; turn < 100; turn++)); do
        if "$@" > /dev/null 2>&1; then return; fi
        sleep 0.1
    done
    fail "\`$*\` did not succeed within 10 s"
}

as() { setpriv --reuid "$1" --regid "$1" --init-groups "${@:2}"; }
restart() { systemctl restart "$unit" && systemctl -q is-active "$unit"; }
reload() { systemctl reload "$unit" && sleep 0.3 && systemctl -q is-active "$unit"; }

# What a boot does to the service: what is below /run and /run/lock goes, systemd-tmpfiles makes what packages leave to it.
reboot() {
    local entry
    systemctl stop "$unit"
    for entry in /run/* /run/lock/*; do
        grep -q -x "$entry" /run/daemons/booted || rm -rf --one-file-system "$entry"
    done
    systemd-tmpfiles --create
    systemctl start "$unit" && systemctl -q is-active "$unit"
}

# CONFIG: rotates the logs as the package's own configuration says, whatever their age and size.
rotate() { logrotate --force --state "/run/daemons/$1.rotation" "/etc/logrotate.d/$1"; }

# NAME [DIRECTORY]: a certificate and its key, where administrators put them; the key in the directory, where one is given.
certify() {
    local keys=${2:-/etc/ssl/private}
    [ ! -e "$keys/$1.key" ] || return 0
    install -d -m 710 "$keys"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$1" \
        -keyout "$keys/$1.key" -out "/etc/ssl/certs/$1.pem"
    chmod 600 "$keys/$1.key"
}

# PLACE PLACE: the first; at the tight level the second. An allow-list cannot know a place that is made after it and that
# nothing named: there, what is new goes where the service's own things are.
place() { if [ "$level" = tight ]; then echo "$2"; else echo "$1"; fi; }

level=${level:-standard}
. "$here/exercises/$1.sh"
"$2"
