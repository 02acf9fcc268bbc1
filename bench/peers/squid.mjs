// Decodes a corpus once for each line on the standard input (`rows` or `json`) and answers with the time it took.
import { createInterface } from 'node:readline'
import { readFileSync } from 'node:fs'
import { Runtime } from '@subsquid/substrate-runtime'
import { toJSON } from '@subsquid/util-internal-json'

const [head, ...blocks] = readFileSync(process.argv[2], 'utf8').trimEnd().split('\n').map(line => JSON.parse(line))
const version = { specName: 'node-subtensor', specVersion: head.spec, implName: 'node-subtensor', implVersion: 1 }
const runtime = new Runtime(version, head.metadata)
const bytes = hex => Buffer.from(hex.slice(2), 'hex')
const inputs = blocks.map(block => ({ extrinsics: block.extrinsics.map(bytes), events: bytes(block.events) }))

let sink
function pass(asJson) {
    let extrinsics = 0, events = 0, text = 0
    const start = process.cpuUsage()
    for (const block of inputs) {
        for (const raw of block.extrinsics) {
            const extrinsic = runtime.decodeExtrinsic(raw)
            const { name, args } = runtime.toCallRecord(extrinsic.call)
            sink = { signer: extrinsic.signature?.address, name, args }
            if (asJson) text += JSON.stringify(toJSON(sink)).length + 1
            extrinsics++
        }
        for (const record of runtime.scaleCodec.decodeBinary(runtime.description.eventRecordList, block.events)) {
            const { name, args } = runtime.toEventRecord(record.event)
            sink = { extrinsic: record.phase.value ?? null, name, args }
            if (asJson) text += JSON.stringify(toJSON(sink)).length + 1
            events++
        }
    }
    // time on the processor, all threads of the process: there is one core
    const { user, system } = process.cpuUsage(start)
    const nanos = (user + system) * 1000
    return { nanos, text, extrinsics, events }
}

for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(pass(line === 'json')) + '\n')
}
