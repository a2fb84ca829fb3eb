# Debian's Kamailio, which the tests use too.
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends kamailio && rm -rf /var/lib/apt/lists/*
USER kamailio
ENTRYPOINT [ "/usr/sbin/kamailio" ]
