unit=ssh.service

prepare() {
    id -u visitor > /dev/null 2>&1 || useradd --create-home --shell /bin/bash visitor
    echo 'visitor ALL=(root) NOPASSWD: ALL' > /etc/sudoers.d/visitor
    chmod 440 /etc/sudoers.d/visitor
    [ -e /root/.ssh/lab ] || ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/lab
    install -d -o visitor -g visitor -m 700 /home/visitor/.ssh
    install -o visitor -g visitor -m 600 /root/.ssh/lab.pub /home/visitor/.ssh/authorized_keys
}

options=(-i /root/.ssh/lab -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR)
visit() { ssh "${options[@]}" "${user:-visitor}@127.0.0.1" "$@"; }

exercise() {
    is visitor visit id -un
    is x visit 'echo x > file && cat file'
}

wider() {
    is root visit 'sudo -n id -un 2> /dev/null'
    is root visit 'sudo -n sh -c "unshare --mount touch /etc/by-visitor && mkdir -p /opt/by-visitor && id -un" 2> /dev/null'
    rm -r /etc/by-visitor /opt/by-visitor
    head -c 5000000 /dev/urandom > /tmp/sent
    sftp "${options[@]}" -q visitor@127.0.0.1 <<< 'put /tmp/sent received'
    cmp /tmp/sent /home/visitor/received
    is '/dev/pts' visit -tt 'tty | cut -c 1-8 | tr -d "\r\n"'
    # A session outlives a restart.
    visit 'sleep 4; echo survived > outlived' &
    sleep 0.7
    restart
    wait $!
    is survived cat /home/visitor/outlived
    id -u later > /dev/null 2>&1 || useradd --create-home --shell /bin/bash later
    install -d -o later -g later -m 700 /home/later/.ssh
    install -o later -g later -m 600 /root/.ssh/lab.pub /home/later/.ssh/authorized_keys
    user=later
    is later visit id -un
    user=visitor
    reload
    exercise
    python3 -m http.server -d /srv 8096 > /dev/null 2>&1 &
    ssh "${options[@]}" -N -L 9096:127.0.0.1:8096 visitor@127.0.0.1 &
    soon curl -sf http://127.0.0.1:9096/
    kill %%
    kill %-  2> /dev/null || true
    userdel -f -r later
    reboot
    exercise
}
