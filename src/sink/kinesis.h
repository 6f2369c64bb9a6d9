/* kinesis.h - the sink for Amazon Kinesis Data Streams. */
#ifndef WALFERRY_SINK_KINESIS_H
#define WALFERRY_SINK_KINESIS_H

#include "sink/sink.h"

/*
 * Strict order: a lane a shard, and at most one Kinesis record of a lane in flight. Records that
 * arrive meanwhile are joined to the next one. Durable: PutRecords has answered with a sequence
 * number. A record too large for the stream fails once all before it are durable.
 */
extern const struct sink_ops sink_kinesis;

#endif
