unit=memcached.service

prepare() { :; }

# REQUEST: what the server answers.
ask() {
    exec 3<> /dev/tcp/127.0.0.1/11211 || return
    printf '%b' "$1quit\r\n" >&3
    tr -d '\r' <&3
    exec 3>&-
}

exercise() {
    # The service is started as soon as its process is.
    soon ask 'version\r\n'
    is STORED ask 'set greeting 0 0 5\r\nhello\r\n'
    is $'VALUE greeting 0 5\nhello\nEND' ask 'get greeting\r\n'
}

wider() {
    local turn
    ask 'stats\r\n' | grep 'STAT pid'
    for turn in {1..200}; do ask "set key$turn 0 0 5\r\nhello\r\n" > /dev/null; done
    is STORED ask "set large 0 0 900000\r\n$(head -c 900000 /dev/zero | tr '\0' x)\r\n"
    is OK ask 'flush_all\r\n'
    sed -i.was -e 's/^-m .*/-m 128/' -e '$a -c 4096' /etc/memcached.conf
    restart
    exercise
    ask 'stats settings\r\n' | grep 'maxconns 4096'
    mv /etc/memcached.conf.was /etc/memcached.conf
    restart
    exercise
    reboot
    exercise
}
