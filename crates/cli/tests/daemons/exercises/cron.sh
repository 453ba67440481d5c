unit=cron.service

prepare() {
    id -u somebody > /dev/null 2>&1 || useradd --create-home --shell /bin/bash somebody
    echo 'somebody ALL=(root) NOPASSWD: ALL' > /etc/sudoers.d/somebody
    chmod 440 /etc/sudoers.d/somebody
}

# A job runs at a full minute; that is left to the wider one.
exercise() {
    echo '0 0 1 1 * true' | crontab -u somebody -
    crontab -u somebody -l | grep -q true
    soon pgrep -x cron
}

wider() {
    rm -f /home/somebody/here /run/by-sudo /var/tmp/by-cron
    printf '%s\n' '* * * * * echo x > here; sudo -n touch /run/by-sudo; echo x > /var/tmp/by-cron' | crontab -u somebody -
    printf '%s\n' '* * * * * root unshare --mount touch /etc/by-cron; hostname > /root/by-cron' > /etc/cron.d/later
    restart
    for _ in {1..70}; do [ -e /home/somebody/here ] && [ -e /root/by-cron ] && break; sleep 1; done
    soon test -s /home/somebody/here
    soon test -e /run/by-sudo
    soon test -e /var/tmp/by-cron
    soon test -e /etc/by-cron
    soon test -s /root/by-cron
    rm /etc/cron.d/later /etc/by-cron /root/by-cron
    restart
    exercise
}
