unit=apache2.service

prepare() {
    echo 'a page' > /var/www/html/page.html
    echo 'ServerName lab.test' > /etc/apache2/conf-enabled/name.conf
}

exercise() {
    is 'a page' curl -s http://127.0.0.1/page.html
    is 404 curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1/missing
}

wider() {
    certify second
    mkdir -p /srv/second /usr/lib/cgi-bin
    echo 'the second site' > /srv/second/index.html
    echo 'ErrorDocument 404 "nothing here"' > /srv/second/.htaccess
    printf '#!/bin/sh\nprintf "Content-Type: text/plain\\n\\n"\nwc -c\n' > /usr/lib/cgi-bin/count
    chmod 755 /usr/lib/cgi-bin/count
    cat > /etc/apache2/sites-available/second.conf <<- 'END'
		Listen 8443
		<VirtualHost *:8443>
		    SSLEngine on
		    SSLCertificateFile /etc/ssl/certs/second.pem
		    SSLCertificateKeyFile /etc/ssl/private/second.key
		    DocumentRoot /srv/second
		    CustomLog /var/log/apache2/second.log combined
		    <Directory /srv/second>
		        AllowOverride All
		        Require all granted
		    </Directory>
		</VirtualHost>
	END
    a2enmod -q ssl cgid rewrite
    a2ensite -q second
    restart
    is 'the second site' curl -sk https://127.0.0.1:8443/
    is 'nothing here' curl -sk https://127.0.0.1:8443/other
    head -c 20000000 /dev/urandom > /tmp/upload
    is 20000000 curl -s --data-binary @/tmp/upload http://127.0.0.1/cgi-bin/count
    reload
    is 20000000 curl -s --data-binary @/tmp/upload http://127.0.0.1/cgi-bin/count
    rotate apache2
    sleep 0.5
    is 'the second site' curl -sk 'https://127.0.0.1:8443/?after-rotation'
    soon grep -q after-rotation /var/log/apache2/second.log
    restart
    exercise
    a2dissite -q second
    a2dismod -q ssl cgid rewrite
    restart
    exercise
    reboot
    exercise
}
