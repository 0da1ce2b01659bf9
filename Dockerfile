# docker build -t allocation-mock . && docker run --rm -p 127.0.0.1:4010:4010 allocation-mock
# What follows the image's name is options: … allocation-mock --seed 7. The port stays 4010 in here; -p gives it another outside.

FROM node:24.21.0-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && npm pack --ignore-scripts && tar -xzf allocation-mock-*.tgz

FROM node:24.21.0-slim
# Control routes answer only to names that are known. A value for ALLOCATION_MOCK_ALLOW_HOST replaces this one; commas part several.
# And only to who has the token that the log begins with; ALLOCATION_MOCK_CONTROL_TOKEN sets another.
ENV NODE_ENV=production \
    ALLOCATION_MOCK_HOST=0.0.0.0 \
    ALLOCATION_MOCK_ALLOW_HOST=allocation-mock
WORKDIR /app
COPY --from=build /build/package/ /build/package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force
USER node
EXPOSE 4010
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.ALLOCATION_MOCK_PORT || 4010) + '/__mock/health').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/bin/allocation-mock.js", "serve"]
