#!/bin/sh
# Gives each folder /volumes/<id> to the user and group of that number. Only the folder itself: its user wrote the files
# in it.
set -eu
for folder in /volumes/*; do
  id=${folder##*/}
  chown "$id:$id" "$folder"
done
