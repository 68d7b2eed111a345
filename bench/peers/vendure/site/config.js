// A Vendure shop on PostgreSQL with the plugins that its own project starter has for jobs and search.
const {
  DefaultJobQueuePlugin,
  DefaultLogger,
  DefaultSearchPlugin,
  LogLevel,
  dummyPaymentHandler,
} = require('@vendure/core');

const fills = process.env.PEER_FILLS === 'yes';

exports.config = {
  logger: new DefaultLogger({ level: LogLevel.Warn }),
  apiOptions: { hostname: '127.0.0.1', port: Number(process.env.PEER_PORT || 0) },
  authOptions: {
    tokenMethod: ['bearer', 'cookie'],
    superadminCredentials: { identifier: 'operator', password: process.env.PEER_SECRET },
    cookieOptions: { secret: process.env.PEER_SECRET },
  },
  dbConnectionOptions: {
    type: 'postgres',
    host: process.env.PEER_DB_HOST,
    database: process.env.PEER_DB_NAME,
    username: 'postgres',
    synchronize: fills,
    logging: false,
  },
  orderOptions: { orderItemsLimit: 1000000, orderLineItemsLimit: 1000000 },
  paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler] },
  plugins: [DefaultJobQueuePlugin.init(fills ? { pollInterval: 20 } : {}), DefaultSearchPlugin.init({ bufferUpdates: fills })],
};
