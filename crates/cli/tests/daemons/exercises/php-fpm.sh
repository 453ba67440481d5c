unit=php8.4-fpm.service

prepare() {
    rm -f /var/lib/php/sessions/sess_*
    mkdir -p /srv/app/data
    chown www-data:www-data /srv/app/data
    id -u second > /dev/null 2>&1 || useradd --system second
    cat > /srv/app/guests.php <<- 'END'
		<?php
		file_put_contents('/srv/app/data/guests', "somebody\n", FILE_APPEND);
		echo count(file('/srv/app/data/guests')) > 0 ? 'welcome' : 'nobody';
	END
    cat > /srv/app/more.php <<- 'END'
		<?php
		session_start();
		$_SESSION['visits'] = ($_SESSION['visits'] ?? 0) + 1;
		session_write_close();
		foreach ($_FILES as $file) move_uploaded_file($file['tmp_name'], '/srv/app/data/' . $file['name']);
		@mkdir('/srv/app/data/deep/deeper', 0755, true);
		file_put_contents('/srv/app/data/deep/deeper/file', 'x');
		$temporary = tempnam(sys_get_temp_dir(), 'more');
		rename($temporary, '/srv/app/data/renamed');
		echo trim(shell_exec('echo "from a shell"')), ' ', gethostbyname('localhost'), ' ',
		    (new DateTime('2026-07-01', new DateTimeZone('Europe/Berlin')))->format('T'), ' ',
		    get_current_user() ? 'user' : '', ' ', strlen(random_bytes(8));
		error_log('a complaint');
	END
    echo "<?php echo posix_geteuid() === $(id -u second) ? 'another user' : 'the same user';" > /srv/app/who.php
}

# SOCKET SCRIPT: the page, without its headers.
page() {
    SCRIPT_FILENAME=$2 SCRIPT_NAME=/x REQUEST_METHOD=${method:-GET} CONTENT_TYPE=${content_type:-} \
        CONTENT_LENGTH=${content_length:-0} cgi-fcgi -bind -connect "$1" < "${body:-/dev/null}" 2> /dev/null | sed '1,/^\r*$/d'
}

exercise() { is welcome page /run/php/php8.4-fpm.sock /srv/app/guests.php; }

upload() {
    {
        printf -- '--cut\r\nContent-Disposition: form-data; name="f"; filename="large"\r\n\r\n'
        head -c 1500000 /dev/zero
        printf -- '\r\n--cut--\r\n'
    } > /tmp/form
    body=/tmp/form method=POST content_type='multipart/form-data; boundary=cut' content_length=$(stat -c %s /tmp/form) \
        page /run/php/php8.4-fpm.sock /srv/app/more.php
}

wider() {
    is 'from a shell 127.0.0.1 CEST user 8' page /run/php/php8.4-fpm.sock /srv/app/more.php
    is 'from a shell 127.0.0.1 CEST user 8' upload
    is 1500000 stat -c %s /srv/app/data/large
    compgen -G '/var/lib/php/sessions/sess_*'
    cat > /etc/php/8.4/fpm/pool.d/second.conf <<- 'END'
		[second]
		user = second
		group = second
		listen = /run/php/second.sock
		listen.owner = www-data
		pm = ondemand
		pm.max_children = 3
		access.log = /var/log/php8.4-fpm-second.log
		php_admin_value[error_log] = /var/log/php8.4-fpm-second-errors.log
	END
    restart
    is 'another user' page /run/php/second.sock /srv/app/who.php
    exercise
    reload
    exercise
    rotate php8.4-fpm
    sleep 0.3
    exercise
    rm /etc/php/8.4/fpm/pool.d/second.conf
    restart
    exercise
    reboot
    exercise
}
