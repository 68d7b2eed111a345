// The server.
const { bootstrap } = require('@vendure/core');
const { config } = require('./config');

bootstrap(config).catch((error) => {
  console.error(`error: ${error.message}`);
  process.exit(1);
});
