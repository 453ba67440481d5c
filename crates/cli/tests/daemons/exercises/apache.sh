unit=apache2.service

prepare() {
    echo 'a page' > /var/www/html/page.html
    echo 'ServerName lab.test' > /etc/apache2/conf-enabled/name.conf
    # A site that the exercise does not visit.
    mkdir -p /srv/named
    echo 'the named site' > /srv/named/index.html
    cat > /etc/apache2/sites-enabled/named.conf <<- 'END'
		Listen 8090
		<VirtualHost *:8090>
		    DocumentRoot "/srv/named"
		    <Directory "/srv/named">
		        Require all granted
		    </Directory>
		</VirtualHost>
	END
}

exercise() {
    is 'a page' curl -s http://127.0.0.1/page.html
    is 404 curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1/missing
}

upload() { is "$size" curl -s --data-binary @/tmp/upload http://127.0.0.1/cgi-bin/count; }

wider() {
    local site keys size count modules=(ssl cgid rewrite headers)
    site=$(place /srv/second /var/www/second)
    keys=$(place /etc/ssl/private /etc/apache2/tls)
    # At the tight level programs that were never run are not there; the shell, which starts the server, is. It reads byte
    # by byte.
    count=$(place 'wc -c' 'while read -r row; do :; done; echo "$CONTENT_LENGTH"')
    size=$(place 20000000 1000000)
    certify second "$keys"
    is 'the named site' curl -s http://127.0.0.1:8090/
    mkdir -p "$site" /usr/lib/cgi-bin
    echo 'the second site' > "$site/index.html"
    echo 'ErrorDocument 404 "nothing here"' > "$site/.htaccess"
    printf '#!/bin/sh\nprintf "Content-Type: text/plain\\n\\n"\n%s\n' "$count" > /usr/lib/cgi-bin/count
    chmod 755 /usr/lib/cgi-bin/count
    cat > /etc/apache2/sites-available/second.conf <<- END
		Listen 8443
		<VirtualHost *:8443>
		    SSLEngine on
		    SSLCertificateFile /etc/ssl/certs/second.pem
		    SSLCertificateKeyFile $keys/second.key
		    DocumentRoot $site
		    CustomLog /var/log/apache2/second.log combined
		    <Directory $site>
		        AllowOverride All
		        Require all granted
		    </Directory>
		</VirtualHost>
	END
    a2enmod -q "${modules[@]}"
    a2ensite -q second
    restart
    is 'the second site' curl -sk https://127.0.0.1:8443/
    is 'nothing here' curl -sk https://127.0.0.1:8443/other
    head -c "$size" /dev/urandom > /tmp/upload
    upload
    reload
    upload
    rotate apache2
    # Workers from before the rotation may still answer once or twice, into the old log.
    soon eval 'curl -sk "https://127.0.0.1:8443/?after-rotation"; grep after-rotation /var/log/apache2/second.log'
    is 'the second site' curl -sk "https://127.0.0.1:8443/"
    restart
    exercise
    a2dissite -q second
    a2dismod -q "${modules[@]}"
    restart
    exercise
    reboot
    exercise
}
