# Everything we run: one image for each service, and `ops` with the operator's commands and the stand-ins.
#
#     docker build --build-arg SERVICE=orders --tag ticketing/orders .
#     docker build --target ops --tag ticketing/ops .
#
# Layers in the order in which they change: Python, the packages that all share, a service's own, code. A change of code
# makes only the last one anew.

FROM python:3.11.14-slim-bookworm AS python


# The packages that all share, and what installs more of them; of the latter nothing reaches an image.
FROM python AS shared
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore UV_PYTHON_DOWNLOADS=never
WORKDIR /build
COPY infra/image/uv.txt ./
RUN pip install --quiet --no-cache-dir --require-hashes --only-binary :all: -r uv.txt
COPY infra/image/packages.sh requirements.lock ./
COPY common/pyproject.toml common/
RUN ./packages.sh --requirements common/pyproject.toml


# Python without any means to install something, and somebody who is not root and can become nobody else.
FROM python AS base
ENV PATH=/venv/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# The official image brings the standard library as text only, which each process would compile for itself.
RUN groupadd --gid 10001 app \
    && useradd --uid 10001 --gid app --no-create-home --home-dir /tmp --shell /usr/sbin/nologin app \
    && library=$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))') \
    && rm -rf "$library/ensurepip" /usr/local/lib/python3.*/site-packages/* /usr/lib/python3/dist-packages/* \
        /usr/local/bin/pip* /usr/local/bin/wheel /usr/bin/pip* \
    && python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash \
        -x '/(idlelib|lib2to3|pydoc_data|tkinter|turtledemo)/' "$library" \
    && find / -xdev -type f -perm /6000 -exec chmod a-s {} + \
    && mkdir /app
COPY --from=shared /added /
WORKDIR /app
USER 10001:10001


FROM shared AS ops-packages
COPY pyproject.toml ./
RUN ./packages.sh --group pyproject.toml:ops


FROM python AS ops-code
WORKDIR /code/app
COPY common/src/common common
COPY infra/__init__.py infra/
COPY infra/local infra/local
COPY infra/ops infra/ops
RUN chmod -R a+rX . && python3 -m compileall -q --invalidation-mode checked-hash -s /code -p / /code/app


FROM base AS ops
LABEL org.opencontainers.image.title="ticketing/ops" org.opencontainers.image.licenses="MIT"
COPY --from=ops-packages /added /
COPY --from=ops-code /code /
ARG REVISION=unknown
LABEL org.opencontainers.image.revision=$REVISION


FROM shared AS packages
ARG SERVICE
COPY ${SERVICE}/pyproject.toml service/
RUN ./packages.sh --requirements service/pyproject.toml


FROM python AS code
ARG SERVICE
WORKDIR /code/app
COPY common/src/common common
COPY ${SERVICE}/src/${SERVICE} ${SERVICE}
# All times are the same, so that the same code is the same layer; the bytecode knows its text by content.
RUN chmod -R a+rX . && python3 -m compileall -q --invalidation-mode checked-hash -s /code -p / /code/app \
    && find /code -exec touch --date @1700000000 {} +


# A service runs as infra/local/services.py runs it. Only the ingress and the shop can reach it (the network policies see
# to that), so their word on who asks is taken.
FROM base AS runtime
EXPOSE 8000
CMD ["sh", "-c", "exec uvicorn \"$SERVICE.main:app\" --host 0.0.0.0 --port 8000 --no-access-log --no-server-header --proxy-headers --forwarded-allow-ips '*' --timeout-keep-alive 75 --timeout-graceful-shutdown 5"]


FROM packages AS live-packages
COPY pyproject.toml ./
RUN ./packages.sh --group pyproject.toml:live


# The same for `skaffold dev`: it starts anew when a file changes.
FROM runtime AS live
ARG SERVICE
ENV SERVICE=$SERVICE UVICORN_RELOAD=true UVICORN_RELOAD_DIRS=/app UVICORN_RELOAD_INCLUDES="*.html *.txt *.css *.js *.svg *.png"
COPY --from=packages /added /
COPY --from=live-packages /added /
COPY --from=code /code /


FROM runtime AS service
ARG SERVICE
ENV SERVICE=$SERVICE
LABEL org.opencontainers.image.title="ticketing/$SERVICE" org.opencontainers.image.licenses="MIT"
COPY --from=packages /added /
COPY --from=code /code /
ARG REVISION=unknown
LABEL org.opencontainers.image.revision=$REVISION
