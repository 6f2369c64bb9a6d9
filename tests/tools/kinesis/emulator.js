#!/usr/bin/env node
// emulator.js - a Kinesis API on loopback, in memory, that can be told to fail.
//
//   emulator.js [--port N] [--seed N] [--fail-calls P] [--drop-answers P] [--fail-records P]
//
// Prints one line, {"port": N}, once it answers; ends when its standard input does. The faults are
// chances from 0 to 1: a call answered with 500, a call carried out whose answer never arrives, and
// a record of a PutRecords call refused for throughput while its neighbours are stored. They come
// from a proxy before the emulator, which by itself never fails.
'use strict';
const http = require('http');
const path = require('path');
const { createRequire } = require('module');

// The packages stand under build/, beside the stamp of tests/tools/npm-install.sh.
const packages = path.resolve(__dirname, '../../../build/tools/kinesis/package.json');
const kinesalite = createRequire(packages)('kinesalite');

const LOOPBACK = '127.0.0.1';

function options(argv) {
  const found = { port: 0, seed: 1, 'fail-calls': 0, 'drop-answers': 0, 'fail-records': 0 };
  for (let i = 0; i < argv.length; i += 2) {
    const name = argv[i].replace(/^--/, '');
    if (!(name in found) || !Number.isFinite(Number(argv[i + 1]))) {
      throw new Error(`unknown option ${argv[i]} ${argv[i + 1]}`);
    }
    found[name] = Number(argv[i + 1]);
  }
  return found;
}

// mulberry32: a small generator, so that a failure can be had again from its seed.
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function collect(stream) {
  return new Promise((resolve, reject) => {
    const parts = [];
    stream.on('data', (part) => parts.push(part));
    stream.on('end', () => resolve(Buffer.concat(parts)));
    stream.on('error', reject);
  });
}

function forward(port, request, body) {
  return new Promise((resolve, reject) => {
    const headers = { ...request.headers, 'content-length': body.length };
    delete headers['transfer-encoding'];
    const { method, url } = request;
    const out = http.request({ host: LOOPBACK, port, method, path: url, headers }, async (answer) => {
      resolve({ status: answer.statusCode, headers: answer.headers, body: await collect(answer) });
    });
    out.on('error', reject);
    out.end(body);
  });
}

// Stores a part of the records, as an overloaded shard does, and says which were refused.
async function storeSome(port, request, body, isRefused) {
  const call = JSON.parse(body);
  const refused = call.Records.map(isRefused);
  const stored = call.Records.filter((_, i) => !refused[i]);
  let results = [];
  if (stored.length > 0) {
    const part = Buffer.from(JSON.stringify({ ...call, Records: stored }));
    const answer = await forward(port, request, part);
    if (answer.status !== 200) return answer;
    results = JSON.parse(answer.body).Records;
  }
  const Records = refused.map((no) =>
    no
      ? { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: 'Rate exceeded' }
      : results.shift(),
  );
  const FailedRecordCount = refused.filter(Boolean).length;
  const answer = Buffer.from(JSON.stringify({ FailedRecordCount, Records }));
  return { status: 200, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: answer };
}

function faulty(port, wanted) {
  const random = generator(wanted.seed);
  const agent = async (request, response) => {
    const body = await collect(request);
    const isPut = String(request.headers['x-amz-target']).endsWith('.PutRecords');
    if (isPut && random() < wanted['fail-calls']) {
      response.writeHead(500, { 'content-type': 'application/x-amz-json-1.1' });
      response.end('{"__type":"InternalFailure"}');
      return;
    }
    const answer = isPut
      ? await storeSome(port, request, body, () => random() < wanted['fail-records'])
      : await forward(port, request, body);
    if (isPut && random() < wanted['drop-answers']) {
      response.socket.destroy();
      return;
    }
    response.writeHead(answer.status, {
      ...answer.headers,
      'content-length': answer.body.length,
    });
    response.end(answer.body);
  };
  return http.createServer((request, response) => {
    agent(request, response).catch((e) => {
      console.error(e);
      response.socket.destroy();
    });
  });
}

function listen(server, port) {
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(port, LOOPBACK, () => resolve(server.address().port));
  });
}

async function main() {
  const wanted = options(process.argv.slice(2));
  const hasFaults = wanted['fail-calls'] + wanted['drop-answers'] + wanted['fail-records'] > 0;
  const store = kinesalite({ createStreamMs: 5, deleteStreamMs: 5, updateStreamMs: 50, shardLimit: 100 });
  let port = await listen(store, hasFaults ? 0 : wanted.port);
  if (hasFaults) port = await listen(faulty(port, wanted), wanted.port);
  console.log(JSON.stringify({ port }));
  process.stdin.on('end', () => process.exit(0));
  process.stdin.resume();
}

main().catch((e) => {
  console.error(e.message);
  process.exit(1);
});
