# The units that somebody hid the file system from by hand, as a yardstick: their exposure, and how many paths each sees.
#
#   bash hand_made.sh
#
# Prints `KEY VALUE` lines.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
. "$here/measure.sh"

services=$here/../services
cp "$services"/hidden-{nginx,php}.service /etc/systemd/system/
mkdir -p /etc/web /srv/pages
cp "$services/nginx.conf" "$services/php-fpm.conf" /etc/web/
echo 'a page' > /srv/pages/index.html
systemctl daemon-reload
for name in php nginx; do
    unit=hidden-$name.service
    systemctl start "$unit"
    echo "$name.exposure $(exposure "$unit")"
    echo "$name.visible $(visible "$unit")"
done
[ "$(curl -s http://127.0.0.1/)" = 'a page' ]
systemctl stop hidden-nginx.service hidden-php.service
