unit=nginx.service

prepare() { echo 'a page' > /var/www/html/page.html; }

exercise() {
    is 'a page' curl -s http://127.0.0.1/page.html
    is 404 curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1/missing
}

wider() {
    certify second
    mkdir -p /srv/second
    echo 'the second site' > /srv/second/index.html
    echo 'nothing here' > /srv/second/missing.html
    cat > /etc/nginx/conf.d/second.conf <<- 'END'
		server {
		    listen 8443 ssl;
		    ssl_certificate /etc/ssl/certs/second.pem;
		    ssl_certificate_key /etc/ssl/private/second.key;
		    access_log /var/log/nginx/second.log;
		    root /srv/second;
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
    sleep 0.5
    is 'the second site' curl -sk 'https://127.0.0.1:8443/?after-rotation'
    soon grep -q after-rotation /var/log/nginx/second.log
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
