# The image of the daemon. `make image` builds it, also without an engine: then
# what the last stage says of the image is read from here (test/image).

# The builder is pinned by tag; give GO_DIGEST="@sha256:…" to pin its bytes. They do
# not end up in the image.
ARG GO_VERSION=1.26
ARG GO_DIGEST=""
FROM --platform=$BUILDPLATFORM golang:${GO_VERSION}-bookworm${GO_DIGEST} AS build
WORKDIR /src
COPY . .

# What is in the image beside the daemon: users, the authorities that TLS trusts, /tmp.
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    go run -C test/image ./cmd/root /out

ARG VERSION=dev
ARG COMMIT=""
ARG DATE=""
ARG TARGETOS TARGETARCH
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -buildvcs=false \
      -ldflags "-s -w -X main.version=$VERSION -X main.commit=$COMMIT -X main.date=$DATE" \
      -o /out/hedged ./cmd/hedged

# Every file has the time of the commit: the same commit makes the same bytes.
ARG SOURCE_DATE_EPOCH=0
RUN find /out -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

# Nothing but the daemon: no shell, no package manager, no libc.
FROM scratch
ARG VERSION=dev
ARG COMMIT=""
ARG DATE=""
LABEL org.opencontainers.image.title="hedged" \
      org.opencontainers.image.description="A daemon that runs hedged HTTP and gRPC calls by policy" \
      org.opencontainers.image.vendor="The hedged authors" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.url="https://hedged.dev" \
      org.opencontainers.image.documentation="https://github.com/hedged/hedged/tree/main/docs" \
      org.opencontainers.image.source="https://github.com/hedged/hedged" \
      org.opencontainers.image.base.name="scratch" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$COMMIT" \
      org.opencontainers.image.created="$DATE"
COPY --from=build /out/ /
# `kubectl exec … -- hedged explain` finds the program by its name.
ENV PATH=/
WORKDIR /
USER 65532:65532
# Calls; health and metrics; the webhook. The debug port (8082) is loopback only.
EXPOSE 8080 8081 8443
ENTRYPOINT ["/hedged"]
CMD ["serve"]
