// A Medusa shop without its admin screens; with Redis where there is one, else all in one process.
import { defineConfig } from "@medusajs/framework/utils";

const redis = process.env.PEER_REDIS;
const withRedis = [
  { resolve: "@medusajs/medusa/event-bus-redis", options: { redisUrl: redis } },
  { resolve: "@medusajs/medusa/workflow-engine-redis", options: { redis: { redisUrl: redis } } },
  {
    resolve: "@medusajs/medusa/caching",
    options: {
      providers: [
        { resolve: "@medusajs/medusa/caching-redis", id: "caching-redis", is_default: true, options: { redisUrl: redis } },
      ],
    },
  },
  {
    resolve: "@medusajs/medusa/locking",
    options: {
      providers: [
        { resolve: "@medusajs/medusa/locking-redis", id: "locking-redis", is_default: true, options: { redisUrl: redis } },
      ],
    },
  },
];

module.exports = defineConfig({
  admin: { disable: true },
  projectConfig: {
    databaseUrl: process.env.DATABASE_URL,
    databaseDriverOptions: { connection: { ssl: false } },
    redisUrl: redis || undefined,
    http: {
      storeCors: "http://localhost",
      adminCors: "http://localhost",
      authCors: "http://localhost",
      jwtSecret: process.env.PEER_SECRET,
      cookieSecret: process.env.PEER_SECRET,
    },
  },
  modules: redis ? withRedis : [],
});
