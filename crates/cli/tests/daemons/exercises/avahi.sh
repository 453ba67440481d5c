# Type=dbus, and started by avahi-daemon.socket.
unit=avahi-daemon.service

prepare() { systemctl start avahi-daemon.socket; }

# Publishes a name, which is then found.
publish() {
    local publisher
    avahi-publish -a -R "$1.local" 127.0.0.1 &
    publisher=$!
    soon avahi-resolve -4 -n "$1.local"
    kill "$publisher"
}

exercise() {
    avahi-daemon --check
    busctl call org.freedesktop.Avahi / org.freedesktop.Avahi.Server GetVersionString
    publish "first$RANDOM"
}

wider() {
    publish "second$RANDOM"
    reload
    exercise
    printf '127.0.0.1 static.local\n' >> /etc/avahi/hosts
    restart
    soon avahi-resolve -4 -n static.local
    sed -i '/static.local/d' /etc/avahi/hosts
    avahi-set-host-name "renamed$RANDOM"
    exercise
    # As after a boot.
    systemctl stop "$unit" avahi-daemon.socket
    rm -rf /run/avahi-daemon
    systemctl start avahi-daemon.socket "$unit"
    exercise
}
