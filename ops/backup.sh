#!/bin/sh
# Every night: the database and the uploaded files, to /backups; BACKUP_KEEP_DAYS of them are kept (30).
# The keys are not in it: a stolen backup shows no identity, and a backup without its keys is of no use.
set -eu
keep="${BACKUP_KEEP_DAYS:-30}"
hour="${BACKUP_HOUR:-2}"
PGPASSWORD="$(cat /run/secrets/database_superuser)"
export PGPASSWORD
umask 077

backup() {
    stamp="$(date +%Y%m%d-%H%M%S)"
    pg_dump --host "${DATABASE_HOST:-postgres}" --username postgres --format custom --file "/backups/.$stamp.dump" mingjian
    # A dump that cannot be listed is no backup.
    pg_restore --list "/backups/.$stamp.dump" >/dev/null
    tar -C /data -czf "/backups/.$stamp.files.tar.gz" --exclude ./keys --exclude ./static --exclude ./beat .
    (cd /backups && mv ".$stamp.dump" "$stamp.dump" && mv ".$stamp.files.tar.gz" "$stamp.files.tar.gz" \
        && sha256sum "$stamp.dump" "$stamp.files.tar.gz" >"$stamp.sha256")
    find /backups -type f -mtime "+$keep" -delete
    touch /backups/last
    echo "backup $stamp done"
}

if [ "${1:-}" = once ]; then
    backup
    exit
fi
while :; do
    backup || echo "backup FAILED; the next try is in an hour" >&2
    if [ -e /backups/last ] && [ -n "$(find /backups/last -mmin -60)" ]; then
        now="$(date +%s)"
        next="$(date -d "today $hour:30" +%s)"
        [ "$next" -gt "$now" ] || next="$(date -d "tomorrow $hour:30" +%s)"
        sleep "$((next - now))"
    else
        sleep 3600
    fi
done
