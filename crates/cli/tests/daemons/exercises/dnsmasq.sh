unit=dnsmasq.service

prepare() {
    printf '%s\n' no-resolv address=/first.test/10.1.2.3 > /etc/dnsmasq.d/lab
}

# NAME [tcp]: the address that the server gives.
resolve() {
    python3 -c '
import socket, struct, sys
name = b"".join(bytes([len(p)]) + p.encode() for p in sys.argv[1].split(".")) + b"\0"
query = struct.pack(">6H", 7, 0x100, 1, 0, 0, 0) + name + struct.pack(">2H", 1, 1)
tcp = len(sys.argv) > 2
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM)
s.settimeout(5)
s.connect(("127.0.0.1", 53))
s.sendall(struct.pack(">H", len(query)) + query if tcp else query)
answer = s.recv(4096)
answer = answer[2:] if tcp and len(answer) > 2 else answer
while tcp and len(answer) < 12: answer += s.recv(4096)
print(socket.inet_ntoa(answer[-4:]) if struct.unpack(">H", answer[6:8])[0] else "none")' "$@"
}

exercise() {
    is 10.1.2.3 resolve first.test
    is none resolve missing.first-of-all.test
}

wider() {
    local hosts
    is 10.1.2.3 resolve first.test tcp
    echo '10.9.8.7 added.test' >> /etc/hosts
    reload
    is 10.9.8.7 resolve added.test
    sed -i '/added.test/d' /etc/hosts
    hosts=$(place /etc/dnsmasq-hosts /etc/dnsmasq.d/hosts)
    printf '%s\n' address=/second.test/10.4.5.6 log-queries cache-size=1000 "hostsdir=$hosts" > /etc/dnsmasq.d/second
    mkdir -p "$hosts"
    echo '10.5.5.5 more.test' > "$hosts/more"
    restart
    is 10.4.5.6 resolve second.test
    is 10.5.5.5 resolve more.test
    echo '10.6.6.6 evenmore.test' > "$hosts/evenmore"
    soon eval '[ "$(resolve evenmore.test)" = 10.6.6.6 ]'
    kill -USR1 "$(systemctl show -P MainPID "$unit")"
    rm -r /etc/dnsmasq.d/second "$hosts"
    restart
    exercise
    reload
    exercise
    reboot
    exercise
}
