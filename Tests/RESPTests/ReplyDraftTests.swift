import Primitives
import RESP
import Testing

@Suite struct ReplyDraftTests {
    /// Drafts shorter and longer than what is copied, alone and behind another reply.
    @Test(arguments: [0, 1, 3, 100_000], [false, true])
    func elementsComeBehindTheirHeader(count: Int, isFirst: Bool) {
        let output = UnsafeMutablePointer<ByteBuffer>.allocate(capacity: 1)
        output.initialize(to: ByteBuffer())
        defer {
            output.deinitialize(count: 1)
            output.deallocate()
        }
        for version: UInt8 in [2, 3] {
            let reply = ReplyWriter(output: output, version: version)
            output.pointee.clear(keeping: 1000)
            if !isFirst { reply.ok() }
            let draft = ReplyDraft()
            let writer = draft.writer(version: 2)
            for _ in 0..<count { writer.bulk("ab") }
            #expect(draft.count == count * 8)
            reply.draft(draft) { $0.set(count) }
            reply.integer(7)
            let expected =
                (isFirst ? "" : "+OK\r\n") + "\(version == 3 ? "~" : "*")\(count)\r\n"
                + String(repeating: "$2\r\nab\r\n", count: count) + ":7\r\n"
            #expect(output.pointee.view.string == expected)
        }
    }
}
