#!/bin/sh
# Creates the bucket and the user of the API, who may do only what the API does, and only in this bucket. Every step may
# be repeated.
set -eu

export MC_CONFIG_DIR=/tmp/mc
umask 077

# Some images name the client mcli, since Midnight Commander is mc.
mc=$(command -v mc || command -v mcli) || {
  echo 'minio-init: this image has no MinIO client (mc or mcli): choose another MINIO_IMAGE.' >&2
  exit 1
}

"$mc" alias set store "$ENDPOINT" "$MINIO_ROOT_USER" "$MINIO_ROOT_PASSWORD" >/dev/null
"$mc" mb --ignore-existing "store/$BUCKET"

# The rights that the functions have on AWS (serverless.yml). Records are never deleted. Reading an absent object is 404
# only with the right to list the bucket. By default, MinIO lets every user change its password and create further keys.
# Such keys stay valid after a change of the password, so this is denied.
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
# Attaching a policy again is an error of the client, so the result is checked afterwards.
"$mc" admin policy attach store image-api --user "$APP_USER" >/dev/null 2>&1 || true
case $("$mc" admin user info store "$APP_USER") in
  *image-api*) ;;
  *)
    echo "minio-init: the user $APP_USER did not get the policy image-api." >&2
    exit 1
    ;;
esac
echo "minio-init: the bucket $BUCKET and its user are there."
