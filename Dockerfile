# The image of Tollgate: `docker build -t tollgate .` makes the last stage. The one before it runs every test and is built
# only when it is asked for, `docker build --target test .` (BuildKit skips it; the classic builder of Docker before 23
# does not: `--target service` there).
#
#   docker run -v tollgate:/var/lib/tollgate --network host --stop-timeout 30 tollgate
#
# runs on the embedded defaults. They listen on 127.0.0.1:8080 and need no API keys, so that without the host's network
# nobody reaches them but the health check: to publish a port, listen on all addresses and name a key:
#
#   docker run -v tollgate:/var/lib/tollgate --stop-timeout 30 -p 8080:8080 -e TOLLGATE_SERVER_LISTEN=0.0.0.0:8080 \
#     -e 'TOLLGATE_AUTH_KEYS=[{id="shop",hash="hmac-sha256:…",scopes=["charge"]}]' tollgate
#
# or mount a file of yours over /etc/tollgate/tollgate.toml. `docker run -i tollgate hash-key` makes the hash. The stop
# timeout is longer than `server.drain_timeout`, or the engine kills what still finishes.

FROM debian:bookworm-slim AS packages
WORKDIR /src
COPY docker/install docker/packages docker/
RUN docker/install build && rm -rf /var/lib/apt/lists/*

FROM packages AS build
COPY CMakeLists.txt CMakePresets.json ./
COPY lib lib
COPY service service
RUN cmake --preset release && cmake --build --preset release --target tollgate

FROM debian:bookworm-slim AS service
# A fixed number, so that whoever provides the volume can give it the right owner.
RUN groupadd --gid 10001 tollgate \
 && useradd --uid 10001 --gid tollgate --no-create-home --home-dir /var/lib/tollgate --shell /usr/sbin/nologin tollgate \
 && install -d -o tollgate -g tollgate -m 0750 /var/lib/tollgate
COPY docker/install docker/packages /tmp/docker/
RUN /tmp/docker/install run && rm -rf /tmp/docker /var/lib/apt/lists/*
COPY config/tollgate.toml /etc/tollgate/tollgate.toml
COPY --from=build /src/build/release/service/tollgate /usr/local/bin/tollgate
USER 10001:10001
WORKDIR /var/lib/tollgate
VOLUME /var/lib/tollgate
EXPOSE 8080
STOPSIGNAL SIGTERM
# Of another port, or behind TLS, it needs its own `--url`.
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 CMD ["tollgate", "health"]
ENTRYPOINT ["tollgate"]
CMD ["serve", "--config", "/etc/tollgate/tollgate.toml"]

FROM packages AS test
RUN docker/install test && rm -rf /var/lib/apt/lists/*
COPY . .
RUN tests/run

# Whatever is last is built when no target is named.
FROM service
