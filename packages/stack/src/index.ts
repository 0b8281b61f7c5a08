export { startNatsServer, type NatsServer, type NatsServerOptions } from "./nats-server.js";
export { startRedisServer, type RedisServer, type RedisServerOptions } from "./redis-server.js";
export { StackError, type StackErrorCode } from "./stack-error.js";
