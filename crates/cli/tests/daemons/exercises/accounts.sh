# Type=dbus, with a sandbox of its own.
unit=accounts-daemon.service

prepare() { :; }

ask() { busctl call org.freedesktop.Accounts /org/freedesktop/Accounts org.freedesktop.Accounts "$@"; }

unprivileged() { setpriv --reuid nobody --regid nogroup --clear-groups "$@"; }

exercise() {
    ask ListCachedUsers
    ask FindUserByName s root
}

wider() {
    is 'o "/org/freedesktop/Accounts/User0"' ask FindUserById x 0
    unprivileged busctl introspect org.freedesktop.Accounts /org/freedesktop/Accounts/User0 > /dev/null
    unprivileged busctl get-property org.freedesktop.Accounts /org/freedesktop/Accounts \
        org.freedesktop.Accounts DaemonVersion
    useradd --uid 4321 --create-home made
    soon ask FindUserByName s made
    userdel --remove made
    restart
    exercise
    systemctl stop "$unit"
    systemctl start "$unit"
    exercise
}
