unit=nginx.service

prepare() {
    echo 'a page' > /var/www/html/page.html
    # A site that the exercise does not visit, and another server behind it.
    mkdir -p /srv/named
    echo 'the named site' > /srv/named/index.html
    echo 'server { listen 8090; root /srv/named; location /peer { proxy_pass http://unix:/run/peer/socket; } }' \
        > /etc/nginx/conf.d/named.conf
    peer
}

# The other server, started anew: with a new socket.
peer() {
    systemctl stop peer.service 2> /dev/null || true
    mkdir -p /run/peer
    rm -f /run/peer/socket
    systemd-run -q --collect --unit peer python3 -c '
import http.server, os, socketserver
class Answer(http.server.BaseHTTPRequestHandler):
    def address_string(self):
        return "peer"
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"from a peer")
os.umask(0)
socketserver.UnixStreamServer("/run/peer/socket", Answer).serve_forever()'
    soon test -S /run/peer/socket
}

exercise() {
    is 'a page' curl -s http://127.0.0.1/page.html
    is 404 curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1/missing
}

wider() {
    local site keys
    site=$(place /srv/second /var/www/second)
    keys=$(place /etc/ssl/private /etc/nginx/tls)
    certify second "$keys"
    is 'the named site' curl -s http://127.0.0.1:8090/
    is 'from a peer' curl -s http://127.0.0.1:8090/peer
    peer
    is 'from a peer' curl -s http://127.0.0.1:8090/peer
    systemctl stop peer.service
    mkdir -p "$site"
    echo 'the second site' > "$site/index.html"
    echo 'nothing here' > "$site/missing.html"
    cat > /etc/nginx/conf.d/second.conf <<- END
		server {
		    listen 8443 ssl;
		    ssl_certificate /etc/ssl/certs/second.pem;
		    ssl_certificate_key $keys/second.key;
		    access_log /var/log/nginx/second.log;
		    root $site;
		    error_page 404 /missing.html;
		    client_max_body_size 64m;
		    location /upload { proxy_pass http://127.0.0.1:8099; }
		}
		server {
		    listen 8099;
		    client_max_body_size 64m;
		    location / { proxy_pass http://127.0.0.1:8098; }
		}
		server {
		    listen 8098;
		    client_max_body_size 64m;
		    location / { return 200 'taken'; }
		}
	END
    reload
    soon curl -skf https://127.0.0.1:8443/
    is 'the second site' curl -sk https://127.0.0.1:8443/
    is 'nothing here' curl -sk https://127.0.0.1:8443/other
    head -c 20000000 /dev/urandom > /tmp/upload
    is taken curl -sk --data-binary @/tmp/upload https://127.0.0.1:8443/upload
    rotate nginx
    # Workers from before the rotation may still answer once or twice, into the old log.
    soon eval 'curl -sk "https://127.0.0.1:8443/?after-rotation"; grep after-rotation /var/log/nginx/second.log'
    is 'the second site' curl -sk "https://127.0.0.1:8443/"
    restart
    exercise
    restart
    exercise
    is 'the second site' curl -sk https://127.0.0.1:8443/
    rm /etc/nginx/conf.d/second.conf
    reload
    exercise
    reboot
    exercise
}
