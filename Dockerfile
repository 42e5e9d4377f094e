# One recipe for the image of every process:
#   docker build --build-arg APP=ws-gateway --tag message-bus/ws-gateway:<version> .
# APP is the name of a folder in apps/. The tools, which docker-compose.yml uses for its one-off steps, are started
# elsewhere: --build-arg APP=tools --build-arg MAIN=tools/dist/compose/main.js
#
# An image holds no secret and no setting of an environment. It starts in production mode, which refuses to run without
# TLS to Redis, the broker and Postgres and without keys of your own; see docs/reference/settings.md.

FROM node:24.21.0-bookworm-slim AS build
WORKDIR /bus
ENV CI=true NX_DAEMON=false NX_NO_CLOUD=true NX_TUI=false
COPY . .
RUN --mount=type=cache,target=/root/.npm \
  npm ci --ignore-scripts --no-audit --no-fund
RUN npm run build -- --projects=tag:layer:app,@bus/tools --outputStyle=static

# What one process needs at run time: its own dependencies without those of development, and no sources.
FROM build AS shipped
ARG APP
RUN --mount=type=cache,target=/root/.npm \
  npm ci --ignore-scripts --omit=dev --no-audit --no-fund --prefer-offline --workspace "@bus/${APP}" \
  && rm -rf libs/*/src apps/*/src tools/src \
  && chmod -R a+rX .

FROM node:24.21.0-bookworm-slim
ARG APP
ARG MAIN=apps/${APP}/dist/main.js
ENV NODE_ENV=production OPS_HOST=0.0.0.0 OPS_PORT=9100
WORKDIR /bus
COPY --from=shipped /bus/package.json ./
COPY --from=shipped /bus/node_modules node_modules
COPY --from=shipped /bus/libs libs
COPY --from=shipped /bus/apps apps
COPY --from=shipped /bus/tools tools
RUN test -f "${MAIN}" && ln -s "${MAIN}" main.js
USER node
EXPOSE 9100
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.OPS_PORT + '/healthz/live').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--enable-source-maps", "main.js"]
