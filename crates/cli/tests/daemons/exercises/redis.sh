unit=redis-server.service

prepare() { :; }

exercise() {
    is OK redis-cli set greeting hello
    is hello redis-cli get greeting
}

wider() {
    is OK redis-cli save
    is 2 redis-cli eval 'return 1 + 1' 0
    is OK redis-cli config set appendonly yes
    is OK redis-cli config set maxmemory 64mb
    is OK redis-cli config rewrite
    is OK redis-cli set later value
    redis-cli bgrewriteaof
    # While it writes its first log, redis refuses to stop.
    soon sh -c 'redis-cli info persistence | grep aof_rewrite_in_progress:0'
    soon sh -c 'redis-cli info persistence | grep aof_rewrite_scheduled:0'
    rotate redis-server
    restart
    is value redis-cli get later
    is yes sh -c 'redis-cli config get appendonly | tail -1'
    is OK redis-cli config set appendonly no
    is OK redis-cli config rewrite
    restart
    exercise
    soon test -s /var/log/redis/redis-server.log
    reboot
    exercise
}
