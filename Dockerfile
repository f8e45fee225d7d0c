ARG PYTHON_VERSION=3.13

FROM python:${PYTHON_VERSION}-slim AS packages
RUN python -m venv /opt/venv
COPY requirements.txt /tmp/requirements.txt
RUN --mount=type=cache,target=/root/.cache/pip \
    /opt/venv/bin/pip install --no-compile --disable-pip-version-check --only-binary=:all: \
    -r /tmp/requirements.txt
# The container runs on a read-only file system and could not keep the compiled modules it makes.
# The templates left out are not Python yet.
RUN /opt/venv/bin/python -m compileall -q -j 0 -x crewai_cli/templates /opt/venv/lib

FROM python:${PYTHON_VERSION}-slim
LABEL org.opencontainers.image.title="ChatwootAI" \
      org.opencontainers.image.licenses="MIT"

# crewai writes into HOME when it is imported.
ENV PATH=/opt/venv/bin:$PATH \
    HOME=/home/chatwootai \
    DATA_DIR=/data \
    HOST=0.0.0.0 \
    PORT=8000 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
RUN groupadd --gid 10001 chatwootai \
    && useradd --uid 10001 --gid 10001 --create-home --shell /usr/sbin/nologin chatwootai \
    && install --directory --owner=chatwootai --group=chatwootai --mode=0750 /data

COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY . .
RUN python -m compileall -q .

USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as web; web.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/health/live', timeout=4)"]
CMD ["gunicorn", "chatwoot_ai.wsgi"]
