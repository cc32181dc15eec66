#!/bin/sh
# Gives each folder /volumes/<id> to the user and group of that number. Only the folder: what is in it was
# written by its user.
set -eu
for folder in /volumes/*; do
  id=${folder##*/}
  chown "$id:$id" "$folder"
done
