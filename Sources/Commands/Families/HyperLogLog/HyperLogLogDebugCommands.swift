import Keyspace
import Primitives
import RESP

/// PFDEBUG and PFSELFTEST, for those who look into HyperLogLogs.
public enum HyperLogLogDebugCommands {
    public static let commands: [Command] = [
        Command(
            "pfdebug", arity: 3, flags: [.write, .denyoom, .admin], keys: [.one(2, [.readWrite, .access])],
            group: .hyperloglog, since: "2.8.9",
            summary: "Shows how a HyperLogLog is kept: GETREG, DECODE, ENCODING, TODENSE.",
            syntax: "subcommand:string key:key", handler: debug),
        Command(
            "pfselftest", arity: 1, flags: .admin, group: .hyperloglog, since: "2.8.9",
            summary: "Checks registers and estimates.", handler: test),
    ]

    private static func debug(_ call: inout Call) throws(CommandError) {
        let key = call.key(2)
        guard let bytes = try call.findHyperLogLog(key) else {
            throw CommandError("ERR The specified key does not exist")
        }
        let isDense = HyperLogLog.encoding(bytes) == .dense
        if call.isWord(1, "getreg") {
            var values = [UInt8](repeating: 0, count: HyperLogLog.registerCount)
            try HyperLogLog.forEachRun(bytes) { value, start, length in
                for index in start..<start + length { values[index] = value }
            }
            if !isDense { try makeDense(&call, key, bytes) }
            call.reply.array(values.count)
            for value in values { call.reply.integer(Int(value)) }
        } else if call.isWord(1, "decode") {
            guard !isDense else { throw CommandError("ERR HLL encoding is not sparse") }
            call.reply.bulk(try decode(bytes))
        } else if call.isWord(1, "encoding") {
            call.reply.simple(isDense ? "dense" : "sparse" as StaticString)
        } else if call.isWord(1, "todense") {
            if !isDense { try makeDense(&call, key, bytes) }
            call.reply.integer(!isDense)
        } else {
            throw CommandError(composed: "ERR Unknown PFDEBUG subcommand '\(call[1].string)'")
        }
    }

    private static func makeDense(_ call: inout Call, _ key: Key, _ bytes: ByteView) throws(CommandError) {
        var editor = HyperLogLogEditor(bytes, sparseLimit: call.limits.hyperLogLogSparse)
        try editor.makeDense()
        call.storeHyperLogLog(key, editor.bytes, event: KeyEvent([], "pfdebug"))
    }

    /// The runs of a sparse sketch: `z:3` short and `Z:300` long ones of zeros, `v:2,1` one register with the value 2.
    private static func decode(_ bytes: ByteView) throws(CommandError) -> String {
        var words: [String] = []
        var offset = HyperLogLog.headerSize
        while offset < bytes.count {
            guard let run = HyperLogLog.SparseRun(bytes, at: offset) else { throw .corruptedHyperLogLog }
            words.append(
                run.value > 0 ? "v:\(run.value),\(run.length)" : run.size == 2 ? "Z:\(run.length)" : "z:\(run.length)")
            offset += run.size
        }
        return words.joined(separator: " ")
    }

    /// Adds ten thousand numbers to a sparse and to a dense sketch, which must agree and be right within six times the
    /// standard error.
    private static func test(_ call: inout Call) throws(CommandError) {
        var sparse = HyperLogLogEditor(nil, sparseLimit: 3000)
        var dense = HyperLogLogEditor(nil, sparseLimit: 0)
        try dense.makeDense()
        for number in 1...10_000 {
            let length = writeInteger(Int64(number), to: call.scratch)
            let (index, value) = HyperLogLog.pattern(ByteView(call.scratch, count: length))
            let changes = (try sparse.raise(index, to: value), try dense.raise(index, to: value))
            guard changes.0 == changes.1 else {
                throw CommandError(composed: "ERR TESTFAILED encodings differ at element \(number)")
            }
            guard number == 10 || number == 100 || number == 1000 || number == 10_000 else { continue }
            let estimates = (try HyperLogLog.count(sparse.bytes), try HyperLogLog.count(dense.bytes))
            let error = Double(estimates.0) - Double(number)
            guard estimates.0 == estimates.1, error.magnitude <= max(1, 0.0488 * Double(number)) else {
                throw CommandError(
                    composed: "ERR TESTFAILED \(number) elements, estimates \(estimates.0) and \(estimates.1)")
            }
        }
        call.reply.ok()
    }
}
