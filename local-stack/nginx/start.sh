#!/bin/sh
# Starts Nginx. Where a browser finds the store is a setting, and Nginx's configuration knows no environment: the
# console's Content-Security-Policy takes it from this file.
set -eu
printf 'set $store_origin "%s";\n' "$STORE_ORIGIN" > /tmp/store-origin.conf
exec nginx -c /etc/nginx/nginx.conf
