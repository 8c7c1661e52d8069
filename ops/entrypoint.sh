#!/bin/sh
# What each container of the image runs. Passwords come from files under /run/secrets, never from the image.
set -eu

read_secret() { cat "/run/secrets/$1"; }

: "${DATABASE_HOST:=postgres}" "${DATABASE_NAME:=mingjian}" "${REDIS_HOST:=redis}"
if [ -z "${DATABASE_URL:-}" ]; then
    DATABASE_URL="postgresql://mingjian_app:$(read_secret database_app)@$DATABASE_HOST/$DATABASE_NAME"
fi
if [ -z "${REDIS_URL:-}" ]; then
    REDIS_URL="redis://:$(read_secret redis)@$REDIS_HOST:6379/0"
fi
if [ -z "${TRAIL_SIGNING_KEY:-}" ]; then
    TRAIL_SIGNING_KEY="$(read_secret trail_ed25519)"
fi
export DATABASE_URL REDIS_URL TRAIL_SIGNING_KEY
mkdir -p "$MINGJIAN_HOME/beat" "$MINGJIAN_HOME/files"

case "${1:-web}" in
migrate)
    # The only container that may log in as the tables' owner.
    DATABASE_OWNER_URL="postgresql://mingjian:$(read_secret database_owner)@$DATABASE_HOST/$DATABASE_NAME"
    export DATABASE_OWNER_URL
    python manage.py migrate --noinput
    python manage.py load_reference
    exec python manage.py collectstatic --noinput --clear -v0
    ;;
web)
    exec python -m gunicorn config.wsgi --bind 0.0.0.0:8000 --worker-class gthread \
        --workers "${WEB_WORKERS:-2}" --threads "${WEB_THREADS:-4}" --timeout 120 --graceful-timeout 25 \
        --worker-tmp-dir /dev/shm --no-control-socket
    ;;
worker)
    exec python -m celery -A config worker --concurrency "${WORKERS:-2}" --loglevel INFO \
        --without-gossip --without-mingle
    ;;
beat)
    exec python -m celery -A config beat --loglevel INFO --schedule "$MINGJIAN_HOME/beat/schedule" --pidfile=
    ;;
celery)
    shift
    exec python -m celery -A config "$@"
    ;;
*)
    exec python manage.py "$@"
    ;;
esac
