# Footnotes in a container: a user of its own, no compiler, no package manager in its environment.
#
#   docker build -t footnotes .
#   docker run --rm --network host -v ~/notes:/notes:ro -v footnotes-home:/data footnotes
#
# Without FOOTNOTES_TOKEN the server listens on loopback only, in here as well, and a published port (-p) does not reach
# it. With --network host the container's loopback is the machine's own: the page is at http://127.0.0.1:8080, for
# this machine alone. The notes are mounted read-only; user 10001 must be able to read them (or add --user).

ARG PYTHON=python:3.11.14-slim-bookworm

FROM ${PYTHON} AS build
# Another package index, and the certificate authority that signed it. Unset, pip asks pypi.org.
ARG PIP_INDEX_URL
ARG PIP_CERT
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /source
RUN python -m venv --without-pip /opt/footnotes
# Extras, with commas between them; none: EXTRAS= . `models` brings PyTorch, its build for CPUs unless TORCH_INDEX says another.
ARG EXTRAS=formats,graph
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
# The dependencies are a layer of their own, which a change of the code leaves alone.
COPY pyproject.toml tools/requirements.py ./
RUN python requirements.py pyproject.toml "$EXTRAS" >requirements.txt \
    && case ",$EXTRAS," in *,models,*) pip --python /opt/footnotes/bin/python install --index-url "$TORCH_INDEX" torch ;; esac \
    && pip --python /opt/footnotes/bin/python install --only-binary=:all: --requirement requirements.txt
COPY . .
RUN pip --python /opt/footnotes/bin/python install --no-deps .

FROM ${PYTHON}
COPY --from=build /opt/footnotes /opt/footnotes
RUN groupadd --gid 10001 footnotes \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin footnotes \
    && install --directory --mode 0700 --owner 10001 --group 10001 /data \
    && install --directory /notes
ENV PATH=/opt/footnotes/bin:$PATH HOME=/data FOOTNOTES_HOME=/data LANG=C.UTF-8 PYTHONUNBUFFERED=1
USER 10001:10001
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import http.client, sys; c = http.client.HTTPConnection('127.0.0.1', 8080, timeout=4); c.request('GET', '/health'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["footnotes"]
CMD ["ui", "/notes", "--host", "127.0.0.1", "--port", "8080", "--no-browser"]
