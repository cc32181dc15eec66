#!/bin/sh
# Fills /etc/nginx/templates/*.template from the environment into conf.d, known variables only.
set -e
variables="$(env | cut -d= -f1 | sed 's/.*/${&}/' | tr '\n' ' ')"
for template in /etc/nginx/templates/*.template; do
  [ -e "$template" ] || continue
  # The input and the output are two files.
  # shellcheck disable=SC2094
  envsubst "$variables" <"$template" >"/etc/nginx/conf.d/$(basename "$template" .template)"
done
exec "$@"
