# The environment in an image. A checkout is mounted over /bnrepro, so that results land in it: docs/running.md has the commands.

# The digest is the index of all platforms, from docker-library/repo-info, repos/python/remote/3.11-slim-bookworm.md of
# 2026-09-19. Python 3.11 made the committed results.
FROM python:3.11.16-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b

# Debian keeps one version of a package, so that none is named; neither decides a number. A checkout may belong to another
# user than the one in the container, which git would refuse.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git make \
    && rm -rf /var/lib/apt/lists/* \
    && git config --system --add safe.directory /bnrepro \
    && useradd --create-home --uid 1000 reader \
    && chmod a+rwx /home/reader \
    && install --directory --owner=1000 /bnrepro

USER 1000
WORKDIR /bnrepro
# What the environment is made from, and nothing else: an edit of the sources does not make it anew.
COPY --chown=1000 Makefile environment.sh pyproject.toml requirements.lock README.md ./
COPY --chown=1000 src/bnrepro/__init__.py src/bnrepro/
# `docker run --user` brings users who are not known here: they may write there, too. Compiled, since every container
# begins with this environment as it is.
RUN UV_COMPILE_BYTECODE=1 UV_NO_CACHE=1 PIP_NO_CACHE_DIR=1 make environment && chmod -R a+rwX .venv

ENV HOME=/home/reader PATH=/bnrepro/.venv/bin:$PATH
# A mounted checkout covers the folder; this keeps the image's environment visible in it.
VOLUME /bnrepro/.venv
CMD ["make", "reproduce"]
