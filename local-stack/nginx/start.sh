#!/bin/sh
# Starts Nginx. Its configuration knows no environment: it takes from files where a browser finds the store, and the
# names beside its own.
set -eu
# The dollar is Nginx's.
# shellcheck disable=SC2016
printf 'set $store_origin "%s";\n' "$STORE_ORIGIN" > /tmp/store-origin.conf
: > /tmp/allowed-hosts.conf
for name in $(printf '%s' "${ALLOWED_HOSTS:-}" | tr ',' ' '); do
  printf 'server_name "%s";\n' "$name" >> /tmp/allowed-hosts.conf
done
exec nginx -c /etc/nginx/nginx.conf
