unit=apache2.service

prepare() {
    echo 'a page' > /var/www/html/page.html
    echo 'ServerName lab.test' > /etc/apache2/conf-enabled/name.conf
}

exercise() {
    is 'a page' curl -s http://127.0.0.1/page.html
    is 404 curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1/missing
}

upload() {
    [ "$level" = tight ] || is 20000000 curl -s --data-binary @/tmp/upload http://127.0.0.1/cgi-bin/count
}

wider() {
    local site=/srv/second tls='' scheme=http modules=(rewrite headers)
    # At the tight level only what was used is there: other places, keys and programs are not.
    if [ "$level" = tight ]; then
        site=/var/www/html/second
    else
        certify second
        scheme=https
        modules=(ssl cgid rewrite headers)
        tls='SSLEngine on
            SSLCertificateFile /etc/ssl/certs/second.pem
            SSLCertificateKeyFile /etc/ssl/private/second.key'
    fi
    mkdir -p "$site" /usr/lib/cgi-bin
    echo 'the second site' > "$site/index.html"
    echo 'ErrorDocument 404 "nothing here"' > "$site/.htaccess"
    printf '#!/bin/sh\nprintf "Content-Type: text/plain\\n\\n"\nwc -c\n' > /usr/lib/cgi-bin/count
    chmod 755 /usr/lib/cgi-bin/count
    cat > /etc/apache2/sites-available/second.conf <<- END
		Listen 8443
		<VirtualHost *:8443>
		    $tls
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
    is 'the second site' curl -sk $scheme://127.0.0.1:8443/
    is 'nothing here' curl -sk $scheme://127.0.0.1:8443/other
    head -c 20000000 /dev/urandom > /tmp/upload
    upload
    reload
    upload
    rotate apache2
    # Workers from before the rotation may still answer once or twice, into the old log.
    soon eval 'curl -sk "$scheme://127.0.0.1:8443/?after-rotation"; grep after-rotation /var/log/apache2/second.log'
    is 'the second site' curl -sk "$scheme://127.0.0.1:8443/"
    restart
    exercise
    a2dissite -q second
    a2dismod -q "${modules[@]}"
    restart
    exercise
    reboot
    exercise
}
