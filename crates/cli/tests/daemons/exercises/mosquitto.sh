unit=mosquitto.service

prepare() { :; }

# TEXT [OPTION...]: publishes it and receives it.
pass() {
    local text=$1
    shift
    mosquitto_pub -r -t greetings -m "$text" "$@"
    is "$text" mosquitto_sub -t greetings -C 1 -W 5 "$@"
}

exercise() { pass hello; }

wider() {
    pass kept
    kill -USR1 "$(systemctl show -P MainPID "$unit")"
    restart
    is kept mosquitto_sub -t greetings -C 1 -W 5
    certify broker
    install -o mosquitto -m 600 /etc/ssl/private/broker.key /etc/mosquitto/certs/broker.key
    cp /etc/ssl/certs/broker.pem /etc/mosquitto/certs/
    mosquitto_passwd -b -c /etc/mosquitto/passwords somebody secret
    chown mosquitto /etc/mosquitto/passwords
    cat > /etc/mosquitto/conf.d/second.conf <<- 'END'
		per_listener_settings true
		listener 1883 127.0.0.1
		allow_anonymous true
		listener 8883
		cafile /etc/mosquitto/certs/broker.pem
		certfile /etc/mosquitto/certs/broker.pem
		keyfile /etc/mosquitto/certs/broker.key
		password_file /etc/mosquitto/passwords
	END
    restart
    pass secret --insecure --cafile /etc/ssl/certs/broker.pem -p 8883 -u somebody -P secret
    mosquitto_passwd -b /etc/mosquitto/passwords another secret
    chown mosquitto /etc/mosquitto/passwords
    reload
    pass more --insecure --cafile /etc/ssl/certs/broker.pem -p 8883 -u another -P secret
    rotate mosquitto
    soon test -e /var/log/mosquitto/mosquitto.log
    rm /etc/mosquitto/conf.d/second.conf
    restart
    exercise
    soon test -s /var/log/mosquitto/mosquitto.log
    reboot
    exercise
}
