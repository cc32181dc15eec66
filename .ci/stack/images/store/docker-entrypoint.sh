#!/bin/sh
# `server FOLDER …` as for MinIO: one S3 server on port 9000 with the root's keys; what else MinIO is told, does not
# concern this one. Everything else is a program.
set -eu
[ "$1" = server ] || exec "$@"

cat >/tmp/s3.json <<JSON
{ "identities": [{
  "name": "root",
  "credentials": [{ "accessKey": "$MINIO_ROOT_USER", "secretKey": "$MINIO_ROOT_PASSWORD" }],
  "actions": ["Admin", "Read", "Write", "List", "Tagging"]
}] }
JSON
exec weed mini -dir="$2" -ip=minio -ip.bind=0.0.0.0 -s3.config=/tmp/s3.json -s3.port=9000 -s3.autoCreateBucket=false \
  -s3.port.iceberg=0 -s3.port.lance=0 -admin.ui=false -webdav=false -master.telemetry=false
