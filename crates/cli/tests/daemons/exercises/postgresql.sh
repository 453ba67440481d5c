unit=postgresql@17-main.service

prepare() { :; }

sql() { as postgres psql -qAt -d "${database:-postgres}" -c "$1"; }

exercise() {
    sql 'drop table if exists guests'
    sql 'create table guests (name text)'
    sql "insert into guests values ('somebody')"
    is somebody sql 'select name from guests'
}

wider() {
    sql 'drop database if exists second'
    sql 'create database second'
    database=second
    sql 'create extension pgcrypto'
    is 5 sql "select length(gen_random_bytes(5))"
    sql 'create table large as select n, md5(n::text) as text from generate_series(1, 200000) n'
    is 200000 sql "set work_mem = '64kB'; select count(*) from (select * from large order by text) x"
    sql "set max_parallel_workers_per_gather = 2; set min_parallel_table_scan_size = 0; set parallel_setup_cost = 0;
        select count(distinct text) from large"
    # At the tight level programs that were never run are not there; the shell, which starts them, is.
    sql "copy large to program '$(place 'gzip > /var/lib/postgresql/large' 'while read -r row; do last=$row; done; echo "$last" > /var/lib/postgresql/large')'"
    soon test -s /var/lib/postgresql/large
    sql "copy (select 1) to '/tmp/copied'"
    is CEST sql "set timezone = 'Europe/Berlin'; select to_char('2026-07-01'::timestamptz, 'TZ')"
    certify database
    install -o postgres -m 600 /etc/ssl/private/database.key /etc/postgresql/17/main/key.pem
    install -o postgres -m 644 /etc/ssl/certs/database.pem /etc/postgresql/17/main/cert.pem
    sql "alter system set ssl_cert_file = '/etc/postgresql/17/main/cert.pem'"
    sql "alter system set ssl_key_file = '/etc/postgresql/17/main/key.pem'"
    sql "alter system set ssl = on"
    sql "create role app login password 'secret'"
    reload
    soon env PGPASSWORD=secret psql -At 'host=127.0.0.1 dbname=second user=app sslmode=require' -c 'select 1'
    rotate postgresql-common
    exercise
    sql 'checkpoint'
    restart
    is 200000 sql 'select count(*) from large'
    # A backend that dies makes the server recover.
    kill -KILL "$(as postgres psql -At -c "select pid from pg_stat_activity where backend_type = 'walwriter'")"
    sleep 1
    soon sql 'select 1'
    is 200000 sql 'select count(*) from large'
    restart
    is 200000 sql 'select count(*) from large'
    database=postgres
    reboot
    exercise
    sql 'drop database second'
    sql 'drop role app'
    sql 'alter system reset all'
}
