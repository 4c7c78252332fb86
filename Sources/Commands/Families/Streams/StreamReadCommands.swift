import Keyspace
import Primitives
import RESP

/// XREAD, which returns what has come to streams behind certain IDs and may wait for it.
public enum StreamReadCommands {
    public static let commands: [Command] = [
        Command(
            "xread", arity: -4, flags: [.readonly, .blocking, .movableKeys],
            keys: [.halves("streams", from: 1, [.readOnly, .access])], group: .stream, since: "5.0.0",
            complexity: "O(log n + m) for each stream, m being the number of entries returned.",
            summary: "Returns the entries of streams behind given IDs, waiting for some where that is asked for.",
            syntax: "[COUNT count:integer] [BLOCK milliseconds:integer] STREAMS streams=(key:key... id:string...)",
            handler: xread)
    ]

    /// Behind which ID the entries of a stream are wanted.
    private static func start(
        _ call: borrowing Call, _ index: Int, _ stream: StreamValue?
    ) throws(CommandError) -> StreamID {
        guard call[index].count == 1 else { return try call.streamID(index) }
        switch call[index][0] {
        case UInt8(ascii: "$"): return stream?.lastID ?? .zero
        case UInt8(ascii: "+"): return stream?.lastEntryID.predecessor ?? .zero
        case UInt8(ascii: ">"):
            throw CommandError(
                "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.")
        default: return try call.streamID(index)
        }
    }

    private static func xread(_ call: inout Call) throws(CommandError) {
        let options = try StreamReadOptions(call, isGroup: false)
        // Nothing is answered before all arguments are found to be right.
        for index in options.keys {
            let key = call.key(index)
            guard call.mayLook(at: key) else { continue }
            _ = try start(call, options.id(index), call.read(key))
        }
        if try reply(&call, options) { return }
        guard let deadline = options.deadline else { return call.reply.nullArray() }
        // What was the end of a stream when the command came is so when it goes on.
        var replacements: [Int: [UInt8]] = [:]
        for index in options.keys where call.isWord(options.id(index), "$") {
            let stream = try call.findStream(call.key(index))
            replacements[options.id(index)] = (stream?.lastID ?? .zero).text
        }
        try call.wait(
            for: .value(.stream), at: Array(options.keys), until: deadline, orElse: .nullArray,
            replacing: replacements)
    }

    /// Answers with the streams that have entries for the call; false, and nothing, where none has.
    private static func reply(_ call: inout Call, _ options: StreamReadOptions) throws(CommandError) -> Bool {
        var mark: Int?
        var count = 0
        for index in options.keys {
            let key = call.key(index)
            guard call.mayLook(at: key), let stream = try call.read(key, as: StreamValue.self) else { continue }
            let start = try start(call, options.id(index), stream)
            guard let first = start.successor, start < stream.lastEntryID else { continue }
            if mark == nil { mark = call.reply.beginStreams() }
            count += 1
            call.reply.stream(key)
            call.reply.entries(stream.entries(in: first ... .max), limit: options.count)
        }
        guard let mark else { return false }
        call.reply.endStreams(count, at: mark)
        return true
    }
}

extension StreamID {
    fileprivate var text: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Self.maximumTextLength) { buffer, count in
            count = buffer.baseAddress.map { write(to: $0) } ?? 0
        }
    }
}

/// The replies of XREAD and XREADGROUP: a map from keys to entries, in RESP2 a list of pairs.
extension ReplyWriter {
    func beginStreams() -> Int {
        let mark = output.pointee.count
        raw("*0\r\n")
        return mark
    }

    func stream(_ key: Key) {
        if version < 3 { array(2) }
        bulk(key.bytes)
    }

    func endStreams(_ count: Int, at mark: Int) {
        setLength(count, at: mark, type: version < 3 ? UInt8(ascii: "*") : UInt8(ascii: "%"))
    }
}
