#!/usr/bin/env node
// read.js - reads a whole Kinesis stream by clients that aren't walferry's own: the AWS SDK, and
// AWS's own deaggregation of what the Kinesis Producer Library's format joins.
//
//   read.js ENDPOINT STREAM
//
// Prints a line of JSON for every user record, shard by shard, each shard from its first record:
// {"shard", "sequence", "sub": null or N, "key", "data": base64}. A record that the Kinesis Client
// Library would drop without a word, as its hash key lies outside the shard, is an error here.
'use strict';
const crypto = require('crypto');
const path = require('path');
const { createRequire } = require('module');

const packages = createRequire(
  path.resolve(__dirname, '../../../build/tools/kinesis/package.json'),
);
const aws = packages('@aws-sdk/client-kinesis');
const { NodeHttpHandler } = createRequire(packages.resolve('@aws-sdk/client-kinesis'))(
  '@smithy/node-http-handler',
);
const { deaggregateSync } = packages('aws-kinesis-agg');

const MAX_CALLS_WITHOUT_RECORDS = 3;

function makeClient(endpoint) {
  return new aws.KinesisClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'reader', secretAccessKey: 'reader' },
    requestHandler: new NodeHttpHandler(), // the emulator speaks no HTTP/2
  });
}

async function listShards(client, stream) {
  const shards = [];
  let page = { StreamName: stream };
  while (page) {
    const answer = await client.send(new aws.ListShardsCommand(page));
    shards.push(...answer.Shards);
    page = answer.NextToken ? { NextToken: answer.NextToken } : null;
  }
  return shards.sort((a, b) => (a.ShardId < b.ShardId ? -1 : 1));
}

// The records of one shard, from the first to the last there is now.
async function* readShard(client, stream, shard) {
  const start = { StreamName: stream, ShardId: shard.ShardId, ShardIteratorType: 'TRIM_HORIZON' };
  let { ShardIterator: at } = await client.send(new aws.GetShardIteratorCommand(start));
  let idle = 0;
  while (at && idle < MAX_CALLS_WITHOUT_RECORDS) {
    const answer = await client.send(new aws.GetRecordsCommand({ ShardIterator: at }));
    yield* answer.Records;
    const isAtEnd = answer.Records.length === 0 && !answer.MillisBehindLatest;
    idle = isAtEnd ? idle + 1 : 0;
    at = answer.NextShardIterator;
  }
}

function split(record) {
  let found;
  const asLambda = {
    partitionKey: record.PartitionKey,
    sequenceNumber: record.SequenceNumber,
    data: Buffer.from(record.Data).toString('base64'),
  };
  deaggregateSync(asLambda, true, (e, records) => {
    if (e) throw e;
    found = records;
  });
  return found;
}

function checkHash(shard, user) {
  const md5 = crypto.createHash('md5').update(user.partitionKey, 'utf8').digest('hex');
  const hash = user.explicitPartitionKey ? BigInt(user.explicitPartitionKey) : BigInt(`0x${md5}`);
  const { StartingHashKey: low, EndingHashKey: high } = shard.HashKeyRange;
  if (hash < BigInt(low) || hash > BigInt(high)) {
    throw new Error(`${shard.ShardId}: a record with key ${user.partitionKey} hashes outside it`);
  }
}

// console.log would not wait for a full pipe.
function print(lines) {
  return new Promise((resolve) => process.stdout.write(lines, resolve));
}

async function main() {
  const [endpoint, stream] = process.argv.slice(2);
  const client = makeClient(endpoint);
  for (const shard of await listShards(client, stream)) {
    for await (const record of readShard(client, stream, shard)) {
      let lines = '';
      for (const user of split(record)) {
        const sub = user.subSequenceNumber ?? null;
        // An aggregate's inner hash keys are what the client library checks; a plain record was
        // put where it lies by its outer one, which readers aren't told.
        if (sub !== null) checkHash(shard, user);
        const row = { shard: shard.ShardId, sequence: record.SequenceNumber, sub };
        lines += JSON.stringify({ ...row, key: user.partitionKey, data: user.data }) + '\n';
      }
      await print(lines);
    }
  }
}

main().catch((e) => {
  console.error(e.message);
  process.exitCode = 1;
});
