# syntax=docker/dockerfile:1

# The builder is pinned by tag; give GO_DIGEST="@sha256:…" to pin its bytes.
ARG GO_VERSION=1.26
ARG GO_DIGEST=""
FROM --platform=$BUILDPLATFORM golang:${GO_VERSION}-bookworm${GO_DIGEST} AS build
WORKDIR /src

# The modules are a layer of their own: they change less often than the code.
COPY go.mod go.sum ./
RUN go mod download

COPY . .
ARG VERSION=dev
ARG COMMIT=""
ARG DATE=""
ARG TARGETOS TARGETARCH
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath \
      -ldflags "-s -w -X main.version=$VERSION -X main.commit=$COMMIT -X main.date=$DATE" \
      -o /out/hedged ./cmd/hedged

# scratch has no users: this names the one that the daemon runs as. /tmp is for
# what a library may want to write, if the root is writable at all.
RUN mkdir -p /out/etc/ssl/certs /out/tmp && chmod 1777 /out/tmp \
 && echo 'hedged:x:65532:65532:hedged:/:/sbin/nologin' > /out/etc/passwd \
 && echo 'hedged:x:65532:' > /out/etc/group \
 && cp /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/

# Nothing but the daemon: no shell, no package manager, no libc.
FROM scratch
ARG VERSION=dev
ARG COMMIT=""
ARG DATE=""
LABEL org.opencontainers.image.title="hedged" \
      org.opencontainers.image.description="A daemon that runs hedged HTTP and gRPC calls by policy" \
      org.opencontainers.image.vendor="The hedged authors" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$COMMIT" \
      org.opencontainers.image.created="$DATE"
COPY --from=build /out/ /
USER 65532:65532
# calls, health and metrics; the debug port (8082) is loopback only
EXPOSE 8080 8081
ENTRYPOINT ["/hedged"]
CMD ["serve"]
