// The worker: it does the jobs that the server leaves to it.
const { bootstrapWorker } = require('@vendure/core');
const { config } = require('./config');

bootstrapWorker(config)
  .then((worker) => worker.startJobQueue())
  .catch((error) => {
    console.error(`error: ${error.message}`);
    process.exit(1);
  });
