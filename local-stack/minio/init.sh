#!/bin/sh
# Makes the bucket and the user of the API, who may do in this bucket what the API does, and nothing else anywhere.
# Every step may be repeated.
set -eu

export MC_CONFIG_DIR=/tmp/mc
umask 077

# The client is called mcli where an image avoids Midnight Commander's name.
mc=$(command -v mc || command -v mcli) || {
  echo 'minio-init: this image has no MinIO client (mc or mcli): choose another MINIO_IMAGE.' >&2
  exit 1
}

"$mc" alias set store "$ENDPOINT" "$MINIO_ROOT_USER" "$MINIO_ROOT_PASSWORD" >/dev/null
"$mc" mb --ignore-existing "store/$BUCKET"

# The same rights as the functions have on AWS (serverless.yml): records are never deleted, and reading an object that
# is absent is 404 only for who may list the bucket. Unless it is denied, MinIO lets every user change its own password
# and make itself further keys, which would outlive a change of the password.
cat >/tmp/policy.json <<POLICY
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": ["s3:ListBucket", "s3:GetBucketLocation"],
      "Resource": ["arn:aws:s3:::$BUCKET"]
    },
    {
      "Effect": "Allow",
      "Action": ["s3:GetObject", "s3:PutObject"],
      "Resource": ["arn:aws:s3:::$BUCKET/pages/*"]
    },
    {
      "Effect": "Allow",
      "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
      "Resource": ["arn:aws:s3:::$BUCKET/images/*", "arn:aws:s3:::$BUCKET/checks/*"]
    },
    {
      "Effect": "Deny",
      "Action": ["admin:*"]
    }
  ]
}
POLICY
"$mc" admin policy create store image-api /tmp/policy.json
"$mc" admin user add store "$APP_USER" "$APP_PASSWORD"
# Attaching what is attached is an error to the client: what counts is that it is there afterwards.
"$mc" admin policy attach store image-api --user "$APP_USER" >/dev/null 2>&1 || true
case $("$mc" admin user info store "$APP_USER") in
  *image-api*) ;;
  *)
    echo "minio-init: the user $APP_USER did not get the policy image-api." >&2
    exit 1
    ;;
esac
echo "minio-init: the bucket $BUCKET and its user are there."
