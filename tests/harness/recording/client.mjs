// A small integration in Node: it signs in, then creates, reads and deletes a lead.
const [url, clientId, clientSecret, username, password] = process.argv.slice(2);
const api = `${url}/api/v1`;

async function call(method, path, { token, body, headers = {} } = {}) {
  const answer = await fetch(api + path, {
    method,
    headers: {
      ...headers,
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
      ...(body ? { "Content-Type": "application/json" } : {}),
    },
    body: body ? JSON.stringify(body) : undefined,
  });
  return { status: answer.status, body: await answer.json() };
}

const signedIn = await call("POST", "/authenticate", {
  headers: { client_id: clientId, client_secret: clientSecret, username, password },
});
const token = signedIn.body.token;
const created = await call("POST", "/lead", { token, body: { LastName: "O’Neill", Owner: username } });
const id = created.body.ExternalID;
const results = [
  created,
  await call("GET", `/lead/${id}`, { token }),
  await call("GET", `/lead?per_page=2&page=1&sort_by=LastName&owner=${encodeURIComponent(username)}`, { token }),
  await call("DELETE", `/lead/${id}`, { token }),
  await call("GET", `/lead/${id}`, { token }),
];
console.log(JSON.stringify(results.map((one) => one.status)));
