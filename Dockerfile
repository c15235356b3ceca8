# The image of the operator: one static program and the certificates of public authorities, run as nobody. A test holds
# test/images.Operator, which makes the same without Docker, to this file.
#
#     docker buildx build --platform linux/amd64,linux/arm64 --build-arg VERSION=0.1.0 --tag meshloom-operator:0.1.0 .
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS=linux TARGETARCH VERSION=devel
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -buildvcs=false \
    -ldflags "-s -w -X github.com/meshloom/meshloom/internal/version.stamped=$VERSION" -o /operator ./cmd/operator

FROM scratch
ARG VERSION=devel
LABEL org.opencontainers.image.title="meshloom-operator" \
      org.opencontainers.image.source="https://github.com/meshloom/meshloom" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /operator /operator
USER 65532:65532
ENTRYPOINT ["/operator"]
