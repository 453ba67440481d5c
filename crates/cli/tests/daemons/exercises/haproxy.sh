unit=haproxy.service

prepare() {
    [ -e /etc/haproxy/shipped ] || cp /etc/haproxy/haproxy.cfg /etc/haproxy/shipped
    {
        cat /etc/haproxy/shipped
        printf '%s\n' '' 'frontend front' '    bind :8080' \
            '    http-request return status 200 content-type text/plain string "served" if { path / }' \
            '    default_backend none' 'backend none' '    server none 127.0.0.1:9'
    } > /etc/haproxy/haproxy.cfg
}

exercise() {
    is served curl -s http://127.0.0.1:8080/
    is 503 curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8080/broken
}

# SOCKET COMMAND: what haproxy's control socket answers.
control() {
    python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(sys.argv[2].encode() + b"\n")
s.settimeout(5)
answer = b""
while not answer.endswith(b"\n\n"):
    part = s.recv(65536)
    if not part: break
    answer += part
print(answer.decode())' "$@"
}

wider() {
    control /run/haproxy/admin.sock 'show info' | grep '^Pid:'
    control /run/haproxy-master.sock 'show proc' | grep worker
    curl -s -o /dev/null http://127.0.0.1:8080/logged
    soon sh -c 'journalctl -q -o cat -t haproxy | grep -q /logged'
    certify second
    mkdir -p /srv/backend
    echo 'from behind' > /srv/backend/file
    systemctl reset-failed backend.service 2> /dev/null || true
    systemd-run -q --unit backend python3 -m http.server -d /srv/backend 8097
    (umask 077; cat /etc/ssl/certs/second.pem /etc/ssl/private/second.key > /etc/haproxy/second.pem)
    printf '%s\n' 'frontend second' '    bind :8443 ssl crt /etc/haproxy/second.pem' '    default_backend behind' \
        'backend behind' '    server one 127.0.0.1:8097 check' >> /etc/haproxy/haproxy.cfg
    soon curl -sf http://127.0.0.1:8097/file
    reload
    soon curl -skf https://127.0.0.1:8443/file
    is 'from behind' curl -sk https://127.0.0.1:8443/file
    control /run/haproxy/admin.sock 'show info' | grep '^Pid:'
    rotate haproxy
    restart
    exercise
    is 'from behind' curl -sk --retry 5 --retry-all-errors https://127.0.0.1:8443/file
    prepare
    restart
    exercise
    reload
    exercise
    control /run/haproxy-master.sock 'show proc' | grep worker
    systemctl stop backend.service
    reboot
    exercise
}
