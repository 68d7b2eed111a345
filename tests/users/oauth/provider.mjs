// A real OpenID Connect provider (npm `oidc-provider`) with two people; who signs in is said by the first letter of the login.
import Provider from 'oidc-provider';

const [port, back] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const people = {
  ada: { email: 'ada@outside.example', email_verified: true, name: 'Ada Outside' },
  bob: { email: 'bob@outside.example', email_verified: true, name: 'Bob' },
  eve: { email: 'ada@outside.example', email_verified: false, name: 'Eve' },
};
const provider = new Provider(issuer, {
  clients: [{ client_id: 'shop', client_secret: 'the shop\'s secret: at least so long', redirect_uris: [back] }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true } },
  findAccount: (_, id) => ({ accountId: id, claims: async () => ({ sub: id, ...(people[id] ?? {}) }) }),
});
provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
