#!/bin/sh
# Make every secret of a production installation, once: sh ops/make-secrets.sh secrets
# An existing file is never replaced. Keep a copy on another medium, apart from the backups of the database.
set -eu
folder="${1:?name the folder, as in: sh ops/make-secrets.sh secrets}"
umask 077
mkdir -p "$folder"
random() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }
make() {
    if [ -s "$folder/$1" ]; then
        echo "kept  $folder/$1"
    else
        random "$2" >"$folder/$1"
        echo "made  $folder/$1"
    fi
}
make secret_key 48
make identity_key 32
make trail_key 32
make trail_ed25519 32
make database_superuser 24
make database_owner 24
make database_app 24
make redis 24
# The containers read them as users of their own; the folder itself stays closed.
chmod 0644 "$folder"/*
chmod 0700 "$folder"
