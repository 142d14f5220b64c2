// An identity provider for tests: the npm package oidc-provider with its own pages. Whatever name
// somebody types is an account; its address is verified unless the name begins with "new-".
//
//   node provider.mjs SECRET [PORT]
//
// Writes its address to the standard output. `GET /control?break=WHAT` makes it answer the next
// requests for tokens wrongly: `aud`, `nonce`, `iss`, `exp`, `iat`, `key`, `at_hash`, `none` (no ID
// token); `nothing` ends that. `GET /control?acr=LEVEL` lets it vouch for a level of assurance.
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [secret, port = "0"] = process.argv.slice(2);
const require = createRequire(join(process.env.SOGLIA_MODULES, "package.json"));
const load = async (name) => import(pathToFileURL(require.resolve(name)));
// What it says about being no provider for real use is known.
console.info = console.warn = () => {};
const { Provider } = await load("oidc-provider");
const jose = await load("jose");

const pair = async () => jose.generateKeyPair("RS256", { extractable: true });
const [own, foreign] = [await pair(), await pair()];
const jwk = { ...(await jose.exportJWK(own.privateKey)), kid: "one", use: "sig", alg: "RS256" };
const state = { broken: "nothing", acr: undefined };

let answer = (_, response) => response.end();
const server = createServer((request, response) => {
  const url = new URL(request.url, "http://provider");
  if (url.pathname !== "/control") return answer(request, response);
  if (url.searchParams.has("break")) state.broken = url.searchParams.get("break");
  if (url.searchParams.has("acr")) state.acr = url.searchParams.get("acr");
  return response.end("done");
});
await new Promise((listening) => server.listen(Number(port), "127.0.0.1", listening));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [{
    client_id: "soglia",
    client_secret: secret,
    redirect_uris: ["http://127.0.0.1/login/openid/callback"],
    post_logout_redirect_uris: ["http://127.0.0.1/login"],
    response_types: ["code"],
    grant_types: ["authorization_code"],
  }],
  jwks: { keys: [jwk] },
  cookies: { keys: ["a key of tests"] },
  pkce: { required: () => true },
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["preferred_username"] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({
      sub: id,
      email: `${id}@regione.example`,
      email_verified: !id.startsWith("new-"),
      preferred_username: id,
    }),
  }),
});
// The server under test listens on any port.
const withoutPort = (address) => address.replace(/^(http:\/\/127\.0\.0\.1):\d+/, "$1");
provider.Client.prototype.redirectUriAllowed = function (uri) {
  return this.redirectUris.includes(withoutPort(uri));
};
provider.Client.prototype.postLogoutRedirectUriAllowed = function (uri) {
  return this.postLogoutRedirectUris.includes(withoutPort(uri));
};

provider.use(async (context, next) => {
  await next();
  if (context.oidc?.route !== "token" || !context.body?.id_token) return;
  const claims = jose.decodeJwt(context.body.id_token);
  const now = Math.floor(Date.now() / 1000);
  const { broken } = state;
  if (state.acr) claims.acr = state.acr;
  if (broken === "aud") claims.aud = "somebody-else";
  if (broken === "nonce") claims.nonce = "another";
  if (broken === "iss") claims.iss = "https://elsewhere.example";
  if (broken === "exp") [claims.iat, claims.exp] = [now - 7200, now - 3600];
  if (broken === "iat") claims.iat = now + 3600;
  if (broken === "at_hash") claims.at_hash = "AAAAAAAAAAAAAAAAAAAAAA";
  const key = broken === "key" ? foreign : own;
  const token = new jose.SignJWT(claims).setProtectedHeader({ alg: "RS256", kid: "one" });
  context.body.id_token = await token.sign(key.privateKey);
  if (broken === "none") delete context.body.id_token;
});

answer = provider.callback();
console.log(issuer);
