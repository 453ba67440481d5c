# Started by uuidd.socket.
unit=uuidd.service

prepare() { systemctl start uuidd.socket; }

unprivileged() { setpriv --reuid nobody --regid nogroup --clear-groups "$@"; }

exercise() {
    uuidd --time --uuids 3
    uuidd --random
}

# Somebody who connects starts the service.
started_by_its_socket() {
    systemctl stop "$unit"
    uuidd --time > /dev/null
    systemctl -q is-active "$unit"
}

wider() {
    local turn
    for turn in {1..50}; do uuidd --time > /dev/null; done
    unprivileged uuidd --time --uuids 1000
    unprivileged uuidgen --time
    restart
    exercise
    started_by_its_socket
    # As after a boot, the clock's state included.
    systemctl stop "$unit" uuidd.socket
    rm -rf /run/uuidd /var/lib/libuuid/*
    systemctl start uuidd.socket
    started_by_its_socket
    exercise
}
