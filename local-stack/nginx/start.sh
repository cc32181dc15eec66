#!/bin/sh
# Starts Nginx. Its configuration cannot read the environment: it includes files with the store's origin for browsers
# and with the further names of the server.
set -eu
# The dollar belongs to Nginx.
# shellcheck disable=SC2016
printf 'set $store_origin "%s";\n' "$STORE_ORIGIN" > /tmp/store-origin.conf
: > /tmp/allowed-hosts.conf
for name in $(printf '%s' "${ALLOWED_HOSTS:-}" | tr ',' ' '); do
  printf 'server_name "%s";\n' "$name" >> /tmp/allowed-hosts.conf
done
exec nginx -c /etc/nginx/nginx.conf
