# Workloads that do the same each time, in /run/work: `bash workloads.sh NAME`.
set -u
cd /run/work
mkdir www logs
echo hello > www/index.html

until_there() { while ! [ -S "$1" ] && ! [ -s "$1" ]; do sleep 0.1; done; sleep 1; }

nginx_() {
    cat > nginx.conf <<'CONF'
worker_processes 1;
pid /run/work/nginx.pid;
error_log /run/work/logs/error.log;
daemon off;
user www-data;
events {}
http {
    access_log /run/work/logs/access.log;
    server { listen 127.0.0.1:8088; root /run/work/www; }
}
CONF
    nginx -c /run/work/nginx.conf &
    local server=$!
    until_there nginx.pid
    for page in index.html missing.html; do
        exec 3<> /dev/tcp/127.0.0.1/8088
        printf 'GET /%s HTTP/1.0\r\n\r\n' "$page" >&3
        cat <&3
        exec 3>&-
    done
    kill -QUIT "$server"
    wait "$server"
}

redis_() {
    redis-server --port 0 --unixsocket /run/work/redis.sock --dir /run/work --save '' &
    until_there redis.sock
    redis-cli -s /run/work/redis.sock set a b
    redis-cli -s /run/work/redis.sock save
    redis-cli -s /run/work/redis.sock shutdown nosave
    wait
}

python_() {
    python3 - <<'PYTHON'
import json, os, sqlite3, subprocess, threading
for directory, _, files in os.walk("/etc/systemd"):
    for name in files:
        os.stat(os.path.join(directory, name))
subprocess.run(["true"], check=True)
base = sqlite3.connect("/run/work/base.db")
base.execute("create table t (a)")
base.commit()
thread = threading.Thread(target=lambda: open("/etc/passwd").read())
thread.start()
thread.join()
json.dump({}, open("/run/work/out.json", "w"))
os.rename("/run/work/out.json", "/run/work/in.json")
PYTHON
}

pipelines_() {
    find /etc/systemd -type f | sort | head -50 | xargs cat | gzip | gunzip | grep -c Unit
    tar cf - /etc/systemd 2> /dev/null | wc -c
    (cd /etc && ls -la . | wc -l)
    for file in /etc/p*; do test -r "$file" && test -w "$file"; done
    ln -s a l && mv l m && rm m
    mkdir -p q/w && rmdir q/w q
    cp -a /etc/hostname copy && chmod 600 copy && touch copy
}

"${1}_"
